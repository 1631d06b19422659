import type { Admin, GroupMember } from '@platformatic/kafka';

async function staticMember(admin: Admin, group: string, groupInstanceId: string): Promise<GroupMember | undefined> {
  const groups = await admin.describeGroups({ groups: [group] });
  const members = [...(groups.get(group)?.members.values() ?? [])];
  return members.find((candidate) => candidate.groupInstanceId === groupInstanceId);
}

/**
 * The topics that a static member has joined its group for. Undefined when the group has no such member, or is rebalancing:
 * it does not say then.
 * @throws what the admin client rejects with
 */
export async function requestSubscription(
  admin: Admin,
  group: string,
  groupInstanceId: string,
): Promise<readonly string[] | undefined> {
  return (await staticMember(admin, group, groupInstanceId))?.metadata?.topics ?? undefined;
}

/**
 * Takes a static member out of its group when nobody is left who could leave for it. Answers false when the group has no
 * such member.
 * @throws what the admin client rejects with
 */
export async function requestMemberRemoval(admin: Admin, group: string, groupInstanceId: string): Promise<boolean> {
  const member = await staticMember(admin, group, groupInstanceId);
  if (member === undefined) return false;
  // Without a list of members the call would empty the group.
  await admin.removeMembersFromConsumerGroup({ groupId: group, members: [{ memberId: member.id }] });
  return true;
}
