import { defineConfig } from 'vite';

/** Bundles the page's client (Chart.js and the explorer) into one script that the report inlines. */
export default defineConfig({
  build: {
    outDir: 'dist/client',
    emptyOutDir: true,
    lib: { entry: 'src/explorer/index.ts', formats: ['iife'], name: 'switchyard', fileName: () => 'page.js' },
  },
});
