import type { Admin } from '@platformatic/kafka';

/**
 * Takes a static member out of its group when nobody is left who could leave for it. Answers false when the group has no
 * such member.
 * @throws what the admin client rejects with
 */
export async function requestMemberRemoval(admin: Admin, group: string, groupInstanceId: string): Promise<boolean> {
  const groups = await admin.describeGroups({ groups: [group] });
  const members = [...(groups.get(group)?.members.values() ?? [])];
  const member = members.find((candidate) => candidate.groupInstanceId === groupInstanceId);
  if (member === undefined) return false;
  // Without a list of members the call would empty the group.
  await admin.removeMembersFromConsumerGroup({ groupId: group, members: [{ memberId: member.id }] });
  return true;
}
