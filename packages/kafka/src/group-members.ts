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

export interface MemberRemoval {
  readonly group: string;
  readonly groupInstanceId: string;
  readonly isGone: () => Promise<boolean>;
}

/**
 * Takes a static member out of its group when nobody is left who could leave for it. Answers false when the group has no
 * such member, or when it is not gone after all.
 * @param isGone asked once the member is known. The broker gives who joins under the same id another member id, so who
 *   comes after the question is not who is removed
 * @throws what the admin client or `isGone` rejects with
 */
export async function requestMemberRemoval(
  admin: Admin,
  { group, groupInstanceId, isGone }: MemberRemoval,
): Promise<boolean> {
  const member = await staticMember(admin, group, groupInstanceId);
  if (member === undefined || !(await isGone())) return false;
  // Without a list of members the call would empty the group.
  await admin.removeMembersFromConsumerGroup({ groupId: group, members: [{ memberId: member.id }] });
  return true;
}
