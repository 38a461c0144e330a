import type { Fault } from '../fault.ts';
import { ATTENTION_FAULTS } from './attention.ts';
import { END_FAULTS } from './ends.ts';
import { KERNEL_FAULTS } from './kernels.ts';
import { ROUTING_FAULTS } from './routing.ts';
import { SWITCH_LAYER_FAULTS } from './switch-layer.ts';

export const FAULTS: readonly Fault[] = [...ROUTING_FAULTS, ...KERNEL_FAULTS, ...END_FAULTS, ...ATTENTION_FAULTS, ...SWITCH_LAYER_FAULTS];
