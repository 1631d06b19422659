import { type Directory, DirectoryUnavailable } from '@sluice/directory';
import { ApiError } from '@sluice/protocol';
import type { ManagementRoute } from '@sluice/runtime';
import { ClusterView, UnknownNode } from './cluster-view.ts';

export interface ClusterRoutesOptions {
  readonly directory: Pick<Directory, 'nodes' | 'heldBy' | 'find'>;
  /**
   * Begins to hand over what this process holds; what is under way already is not begun again. Absent in role `edge`,
   * which holds nothing, and has no such route.
   */
  readonly drain?: () => void;
}

type Handle = ManagementRoute['handle'];

/** The cluster on the management listener: the same documents as `sluice nodes --json` and the like. */
export function clusterRoutes({ directory, drain }: ClusterRoutesOptions): ReadonlyMap<string, ManagementRoute> {
  const view = new ClusterView(directory);
  const read = (handle: Handle): ManagementRoute => ({ method: 'GET', changes: false, handle: answering(handle) });
  const routes = new Map<string, ManagementRoute>([
    ['/cluster/nodes', read(async () => ok({ nodes: await view.nodes() }))],
    [
      '/cluster/instances',
      read(async (query) => ok({ instances: await view.instances(query.get('node') ?? undefined) })),
    ],
    ['/cluster/owner', read(async (query) => await owner(view, query))],
  ]);
  if (drain !== undefined) {
    routes.set('/cluster/drain', {
      method: 'POST',
      changes: true,
      handle: async () => {
        drain();
        return { status: 202, body: { state: 'draining' } };
      },
    });
  }
  return routes;
}

async function owner(view: ClusterView, query: URLSearchParams): ReturnType<Handle> {
  const group = query.get('group');
  const instance = query.get('instance');
  if (group === null || instance === null) {
    throw new ApiError('badRequest', { message: 'The query must name group and instance.' });
  }
  const document = await view.owner({ group, instance });
  if (document === undefined) throw new ApiError('consumerInstanceNotFound');
  return ok(document);
}

function ok(body: object): { status: number; body: object } {
  return { status: 200, body };
}

/** What may go wrong, as answers. */
function answering(handle: Handle): Handle {
  return async (query) => {
    try {
      return await handle(query);
    } catch (error) {
      if (error instanceof UnknownNode) throw new ApiError('notFound', { message: error.message });
      if (error instanceof DirectoryUnavailable) throw new ApiError('unavailable', { message: error.message });
      throw error;
    }
  };
}
