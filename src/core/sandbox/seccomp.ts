// The system calls a sandboxed command does not get: those that reach past its namespaces. A program for the kernel.

/** Linux numbers its system calls per architecture: [x64, arm64]. */
const NUMBERS = {
  // Keys of the runner's session are inherited across every namespace.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // Opens sockets and files where no filter sees it.
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // The kernel's log and counters tell about the host; the others are where its bugs have been.
  syslog: [103, 116],
  perf_event_open: [298, 241],
  bpf: [321, 280],
  userfaultfd: [323, 282],
  open_by_handle_at: [304, 265],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  setns: [308, 268],
  // Memory that no watcher can count.
  memfd_secret: [447, 447],
} as const

/** Its flags are behind a pointer, where a filter cannot look: libraries fall back to `clone` when it is missing. */
const CLONE3 = 435
const SOCKET = [41, 198]
const CLONE = [56, 220]
const UNSHARE = [272, 97]

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. The others, AF_VSOCK above all, know no network namespace. */
const SOCKET_FAMILIES = [1, 2, 10, 16]
const CLONE_NEWUSER = 0x1000_0000

const [LOAD, EQUAL, ANY_BIT, AT_LEAST, RETURN] = [0x20, 0x15, 0x45, 0x35, 0x06]
const [NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENT_OFFSET] = [0, 4, 16]
const ALLOW = 0x7fff_0000
const KILL_PROCESS = 0x8000_0000
const failWith = (errno: number): number => 0x0005_0000 | errno
const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97]
const AUDIT_ARCHITECTURE = [0xc000_003e, 0xc000_00b7]
/** x64 offers a second table of calls, with this bit set. */
const X32_BIT = 0x4000_0000

/** One instruction: operation, value, and how many to skip when a comparison holds or fails. */
type Instruction = [code: number, value: number, ifTrue?: number, ifFalse?: number]

/** @returns the filter for `bwrap --seccomp`, or undefined for a processor we have no numbers for */
export function seccompFilter(architecture: string): Uint8Array | undefined {
  const column = ['x64', 'arm64'].indexOf(architecture)
  if (column < 0) return undefined
  const program: Instruction[] = [
    [LOAD, ARCHITECTURE_OFFSET],
    [EQUAL, AUDIT_ARCHITECTURE[column] ?? 0, 1, 0],
    [RETURN, KILL_PROCESS],
    [LOAD, NUMBER_OFFSET],
    [AT_LEAST, X32_BIT, 0, 1],
    [RETURN, failWith(ENOSYS)],
    [EQUAL, CLONE3, 0, 1],
    [RETURN, failWith(ENOSYS)],
    ...Object.values(NUMBERS).flatMap((numbers): Instruction[] => [
      [EQUAL, numbers[column] ?? 0, 0, 1],
      [RETURN, failWith(EPERM)],
    ]),
    ...[CLONE, UNSHARE].flatMap((numbers): Instruction[] => [
      [EQUAL, numbers[column] ?? 0, 0, 4],
      [LOAD, ARGUMENT_OFFSET],
      [ANY_BIT, CLONE_NEWUSER, 0, 1],
      [RETURN, failWith(EPERM)],
      [RETURN, ALLOW],
    ]),
    [EQUAL, SOCKET[column] ?? 0, 0, SOCKET_FAMILIES.length * 2 + 2],
    [LOAD, ARGUMENT_OFFSET],
    ...SOCKET_FAMILIES.flatMap((family): Instruction[] => [
      [EQUAL, family, 0, 1],
      [RETURN, ALLOW],
    ]),
    [RETURN, failWith(EAFNOSUPPORT)],
    [RETURN, ALLOW],
  ]
  return assemble(program)
}

/** `struct sock_filter` is { u16 code; u8 jt; u8 jf; u32 k }; both processors are little-endian. */
function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8))
  for (const [index, [code, value, ifTrue = 0, ifFalse = 0]] of program.entries()) {
    bytes.setUint16(index * 8, code, true)
    bytes.setUint8(index * 8 + 2, ifTrue)
    bytes.setUint8(index * 8 + 3, ifFalse)
    bytes.setUint32(index * 8 + 4, value, true)
  }
  return new Uint8Array(bytes.buffer)
}
