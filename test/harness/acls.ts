import { AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka';
import { eventually } from './conditions.ts';
import { withAdmin } from './topics.ts';

const VISIBLE_DEADLINE_MS = 10_000;

interface Grant {
  /** The user's name, without `User:`. */
  readonly user: string;
  readonly resource: 'TOPIC' | 'GROUP' | 'CLUSTER';
  /** For the cluster: `kafka-cluster`. */
  readonly name: string;
  readonly operation: keyof typeof AclOperations;
}

function ruleOf(grant: Grant) {
  return {
    resourceType: ResourceTypes[grant.resource],
    resourceName: grant.name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${grant.user}`,
    host: '*',
    operation: AclOperations[grant.operation],
    permissionType: AclPermissionTypes.ALLOW,
  };
}

/** Allows one operation on one resource; returns when the broker enforces it. */
export async function allow(bootstrap: string, grant: Grant): Promise<void> {
  const rule = ruleOf(grant);
  await withAdmin(bootstrap, async (admin) => {
    await admin.createAcls({ creations: [rule] });
    await eventually(async () => (await admin.describeAcls({ filter: rule })).length > 0, {
      deadlineMs: VISIBLE_DEADLINE_MS,
      describe: `the ACL of ${grant.user} on ${grant.name}`,
    });
  });
}

/** Takes back what `allow` allowed. */
export async function withdraw(bootstrap: string, grant: Grant): Promise<void> {
  const rule = ruleOf(grant);
  await withAdmin(bootstrap, async (admin) => {
    await admin.deleteAcls({ filters: [rule] });
    await eventually(async () => (await admin.describeAcls({ filter: rule })).length === 0, {
      deadlineMs: VISIBLE_DEADLINE_MS,
      describe: `the end of the ACL of ${grant.user} on ${grant.name}`,
    });
  });
}
