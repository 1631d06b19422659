import { Admin } from './admin.ts';
import type { AdminClientOptions } from './admin-client.ts';
import type { Principal } from './principal.ts';

export interface AdminPoolOptions {
  /** How the admin client of a principal is made; called once, on its first request. */
  readonly adminOptions: (principal: Principal) => AdminClientOptions;
}

/** One admin client for each principal: what one may see is never shown to another. */
export class AdminPool {
  readonly #options: AdminPoolOptions;
  readonly #admins = new Map<string, Admin>();

  constructor(options: AdminPoolOptions) {
    this.#options = options;
  }

  of(principal: Principal): Admin {
    let admin = this.#admins.get(principal.id);
    if (admin === undefined) {
      admin = new Admin(this.#options.adminOptions(principal));
      this.#admins.set(principal.id, admin);
    }
    return admin;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#admins.values()].map((admin) => admin.close()));
  }
}
