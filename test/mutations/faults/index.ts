import type { Fault } from '../fault.ts';
import { ATTENTION_FAULTS } from './attention.ts';
import { COLLECTIVE_FAULTS } from './collectives.ts';
import { END_FAULTS } from './ends.ts';
import { ENGINE_FAULTS } from './engine.ts';
import { FAST_PRODUCT_FAULTS } from './fast-products.ts';
import { FAST_ROW_FAULTS } from './fast-rows.ts';
import { KERNEL_FAULTS } from './kernels.ts';
import { LAW_FAULTS } from './laws.ts';
import { LAYER_FAULTS } from './layers.ts';
import { LAYOUT_FAULTS } from './layouts.ts';
import { NETWORK_FAULTS } from './network.ts';
import { POD_FAULTS } from './pod.ts';
import { QUESTION_FAULTS } from './questions.ts';
import { ROUTING_FAULTS } from './routing.ts';
import { SWITCH_LAYER_FAULTS } from './switch-layer.ts';
import { TRAINING_FAULTS } from './training.ts';
import { UNIT_FAULTS } from './units.ts';
import { WIRE_FAULTS } from './wires.ts';

export const FAULTS: readonly Fault[] = [
  ...ROUTING_FAULTS,
  ...KERNEL_FAULTS,
  ...FAST_PRODUCT_FAULTS,
  ...FAST_ROW_FAULTS,
  ...LAYER_FAULTS,
  ...END_FAULTS,
  ...ATTENTION_FAULTS,
  ...SWITCH_LAYER_FAULTS,
  ...WIRE_FAULTS,
  ...COLLECTIVE_FAULTS,
  ...NETWORK_FAULTS,
  ...ENGINE_FAULTS,
  ...LAW_FAULTS,
  ...UNIT_FAULTS,
  ...LAYOUT_FAULTS,
  ...QUESTION_FAULTS,
  ...POD_FAULTS,
  ...TRAINING_FAULTS,
];
