/** Prints the identity on the path that the first argument names, as JSON: a process of its own, because flags of V8 hold for a whole process. */
import { identityOn } from './identity.ts';

process.stdout.write(JSON.stringify(await identityOn(process.argv[2])));
