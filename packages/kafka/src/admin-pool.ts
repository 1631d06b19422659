import { Admin } from './admin.ts';
import type { AdminClientOptions } from './admin-client.ts';
import type { Principal } from './principal.ts';

export interface AdminPoolOptions {
  /** How the admin client of a principal is made; called when it is asked for and there is none. */
  readonly adminOptions: (principal: Principal) => AdminClientOptions;
  /** How many principals may have a client at once (default 16); the one unused for the longest time goes first. */
  readonly maxClients?: number;
}

const DEFAULT_MAX_CLIENTS = 16;

/** One admin client for each principal: what one may see is never shown to another. */
export class AdminPool {
  readonly #options: AdminPoolOptions;
  readonly #admins = new Map<string, Admin>();

  constructor(options: AdminPoolOptions) {
    this.#options = options;
  }

  /** The client of `principal`; it connects when something is asked of it. */
  of(principal: Principal): Admin {
    const admin = this.#admins.get(principal.id) ?? new Admin(this.#options.adminOptions(principal));
    // Moves to the end: the first of the map is the one that was used the longest ago.
    this.#admins.delete(principal.id);
    this.#admins.set(principal.id, admin);
    this.#evict();
    return admin;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#admins.values()].map((admin) => admin.close()));
    this.#admins.clear();
  }

  #evict(): void {
    const [oldest] = this.#admins;
    if (oldest !== undefined && this.#admins.size > (this.#options.maxClients ?? DEFAULT_MAX_CLIENTS)) {
      const [id, admin] = oldest;
      this.#admins.delete(id);
      void admin.close();
    }
  }
}
