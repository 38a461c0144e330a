import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

/** Every page is a copy of these packages, and their licence (MIT) asks for its notice in every copy. */
const NOTICES = ['chart.js', '@kurkle/color']
  .map((name) => `${name}\n${readFileSync(`node_modules/${name}/LICENSE.md`, 'utf8').trim()}`)
  .join('\n\n');

/** The report inlines the bundle in a script element, so nothing in it may end that element; `\/` is `/` inside strings and regular expressions. */
const inlineSafe: Plugin = {
  name: 'inline-safe',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk') continue;
      const code = file.code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '\\x3c!--');
      file.code = `/*!\n${NOTICES}\n*/\n${code}`;
    }
  },
};

/** Bundles the page's client (Chart.js and the explorer) into one script that the report inlines. */
export default defineConfig({
  plugins: [inlineSafe],
  build: {
    outDir: 'dist/client',
    emptyOutDir: true,
    lib: { entry: 'src/explorer/index.ts', formats: ['iife'], name: 'switchyard', fileName: () => 'page.js' },
    // Only the explorer acts when it is loaded; everything else is taken for what is imported from it.
    rolldownOptions: { treeshake: { moduleSideEffects: (id) => id.includes('/src/explorer/') } },
  },
});
