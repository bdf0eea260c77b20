/**
 * Lets V8 compile the methods of strings into the code that uses them. It gives that up once somebody derives a class
 * from `String`, as ioredis does: from then on it looks each method up whenever it is called, which takes several times
 * as long as most of them. Only a walk over a wrapped string makes it start anew, and then it never gives up again.
 */
export function quickenStringMethods(): void {
  for (const _ in new String('')) break;
}
