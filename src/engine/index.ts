/**
 * Engine: the discrete-event emulator. It knows tasks, devices and links; the words expert, layer and TPU do not occur
 * here.
 */
export * from './trace.ts';
