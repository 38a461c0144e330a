import { fileURLToPath } from 'node:url';

/** Folders of data files in the package; the same number of steps up from the sources and from the built files. */
const PACKAGE_ROOT = new URL('../../', import.meta.url);

export const CHIPS_FOLDER = fileURLToPath(new URL('topologies/chips/', PACKAGE_ROOT));
export const SLICES_FOLDER = fileURLToPath(new URL('topologies/', PACKAGE_ROOT));
export const TEXTS_FOLDER = fileURLToPath(new URL('texts/', PACKAGE_ROOT));
export const PUBLISHED_FOLDER = fileURLToPath(new URL('data/published/', PACKAGE_ROOT));
export const MICROBENCH_FOLDER = fileURLToPath(new URL('data/microbench/', PACKAGE_ROOT));
export const WORKED_PROBLEMS_FILE = fileURLToPath(new URL('data/worked-problems.json', PACKAGE_ROOT));
