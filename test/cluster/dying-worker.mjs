/** A thread that ends without an answer. */
export default function die() {
  process.exit(3);
}
