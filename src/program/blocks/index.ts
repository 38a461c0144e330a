import { type Layer, layersOf } from '../../model/index.ts';
import { type Load, type Scenario, stackLengths } from '../../scenario/index.ts';
import type { Block } from '../block.ts';
import { layerRows } from '../layer-rows.ts';
import type { Sizes } from '../sizes.ts';
import { switchShape } from '../switch-shape.ts';
import { attentionBlock } from './attention.ts';
import { embeddingBlock } from './embedding.ts';
import { feedForwardBlock } from './feed-forward.ts';
import { logitsBlock } from './logits.ts';
import { switchFeedForwardBlock } from './switch-feed-forward.ts';

/** The sub-layers of the model in the order of the forward pass; dropless dispatch looks at the load. */
export function blocksOf(scenario: Scenario, sizes: Sizes, load: Load | null): Block[] {
  const lengths = stackLengths(scenario);
  const layers = layersOf(scenario.model).flatMap((layer) => {
    const name = `${layer.stack} ${layer.index}`;
    const length = lengths[layer.stack];
    const blocks = [attentionBlock(sizes, { name: `${name} attention`, queryLength: length, keyLength: length, cross: false })];
    if (layer.crossAttention) {
      blocks.push(attentionBlock(sizes, { name: `${name} cross-attention`, queryLength: length, keyLength: lengths.encoder, cross: true }));
    }
    blocks.push(
      layer.feedForward === 'switch'
        ? switchBlock(scenario, sizes, layer, load, `${name} switch ffn`)
        : feedForwardBlock(sizes, layer.stack, `${name} ffn`),
    );
    return blocks;
  });
  return [embeddingBlock(sizes, scenario.workload.embedding), ...layers, logitsBlock(sizes)];
}

function switchBlock(scenario: Scenario, sizes: Sizes, { stack, index }: Layer, load: Load | null, name: string): Block {
  const shape = switchShape(scenario, stack);
  const { dispatch } = scenario.routing;
  return switchFeedForwardBlock(sizes, shape, dispatch, dispatch === 'dropless' ? layerRows(scenario, shape, index, load) : null, name);
}
