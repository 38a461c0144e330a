import type { GroupRule } from '../group-rule.ts';
import { splitIntoGroups } from '../groups.ts';

/** Mesh-TensorFlow: groups of about the wanted size, as many as divide evenly over the mesh (copy this one). */
export const meshTf: GroupRule = {
  title: 'Mesh-TensorFlow',
  formula: 'floor(tokens / groupTokens), and more until a multiple of groupsMultipleOf divides the tokens',
  source: 'tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _split_into_groups',
  readsGroupTokens: true,
  split: ({ tokens, maxGroupTokens, multipleOf }) => splitIntoGroups(tokens, maxGroupTokens, multipleOf),
};
