import type { Ownership } from '@sluice/directory';

/**
 * This node does not hold the instance, or holds it no longer: nothing was done, and whoever sent the request may ask
 * another node.
 */
export class NotHeld extends Error {
  /** Who holds it, as far as this node knows. */
  readonly owner: Ownership | undefined;
  /** It is on its way to another node, or this one takes nothing new: it is worth asking again soon. */
  readonly moving: boolean;
  /** This node holds as many as it may; another may have room. */
  readonly full: boolean;

  constructor(
    owner: Ownership | undefined,
    { moving = false, full = false }: { readonly moving?: boolean; readonly full?: boolean } = {},
  ) {
    super('This node does not hold the consumer instance.');
    this.name = 'NotHeld';
    this.owner = owner;
    this.moving = moving;
    this.full = full;
  }
}
