import type { Admin } from '@platformatic/kafka';

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
  const groups = await admin.describeGroups({ groups: [group] });
  const members = [...(groups.get(group)?.members.values() ?? [])];
  const member = members.find((candidate) => candidate.groupInstanceId === groupInstanceId);
  if (member === undefined || !(await isGone())) return false;
  // Without a list of members the call would empty the group.
  await admin.removeMembersFromConsumerGroup({ groupId: group, members: [{ memberId: member.id }] });
  return true;
}
