/**
 * Engine: the discrete-event emulator. It knows tasks, devices and links; the words expert, layer and TPU do not occur
 * here.
 */
export { simulate } from './simulate.ts';
export * from './trace.ts';
