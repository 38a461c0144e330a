import type { Fault } from '../fault.ts';
import { ATTENTION_FAULTS } from './attention.ts';
import { END_FAULTS } from './ends.ts';
import { FAST_PRODUCT_FAULTS } from './fast-products.ts';
import { FAST_ROW_FAULTS } from './fast-rows.ts';
import { KERNEL_FAULTS } from './kernels.ts';
import { LAYER_FAULTS } from './layers.ts';
import { ROUTING_FAULTS } from './routing.ts';
import { SWITCH_LAYER_FAULTS } from './switch-layer.ts';

export const FAULTS: readonly Fault[] = [
  ...ROUTING_FAULTS,
  ...KERNEL_FAULTS,
  ...FAST_PRODUCT_FAULTS,
  ...FAST_ROW_FAULTS,
  ...LAYER_FAULTS,
  ...END_FAULTS,
  ...ATTENTION_FAULTS,
  ...SWITCH_LAYER_FAULTS,
];
