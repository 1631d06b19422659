import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const KIB_PER_MIB = 1024;
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Fields of /proc/PID/stat behind the command's name, which may hold blanks and brackets; the first is the state. */
function statFields(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

const sumOf = (fields: readonly number[], from: number, to: number): number =>
  fields.slice(from, to).reduce((sum, ticks) => sum + ticks, 0);

/** CPU-seconds (user and system) of all threads of a process since it started. */
export function cpuSeconds(pid: number): number {
  return sumOf(statFields(pid), 11, 13) / ticksPerSecond;
}

/** CPU-seconds of this process and of all that it started and that have ended. */
export function ownCpuSeconds(): number {
  return sumOf(statFields(process.pid), 11, 15) / ticksPerSecond;
}

/** CPU-seconds that the whole machine has been busy, the share taken by a hypervisor included. */
export function machineCpuSeconds(): number {
  const [, line = ''] = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
  const [user = 0, nice = 0, system = 0, _idle, _iowait, irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}

function memoryMib(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(match[1]) / KIB_PER_MIB;
}

/** Resident memory now, in MiB. */
export function residentMib(pid: number): number {
  return memoryMib(pid, 'VmRSS');
}

/** The most resident memory that the process ever had, in MiB. */
export function peakResidentMib(pid: number): number {
  return memoryMib(pid, 'VmHWM');
}
