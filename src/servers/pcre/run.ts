import type { CharacterSet } from './character-set.ts'
import { beginOf, endOf, FRAME, Op, openOf, type Program, START } from './program.ts'

/** A call of a group that is going on. */
interface Frame {
  readonly group: number
  /** Where to go on behind it. */
  readonly address: number
  readonly place: number
  readonly outer: number
  readonly registers: Int32Array
  /** What was on the way back before it. */
  readonly height: number
  readonly isAtomic: boolean
}

/**
 * A program at work. What is remembered on the way: three numbers each. A choice is an address, the place, and -1; of a greedy
 * repetition the third is the place up to which it may give back; of a lazy one -2 less how often it matched.
 * A register's old value is -1 less the register, the value, and 0.
 */
export interface Machine {
  readonly program: Program
  readonly registers: Int32Array
  stack: Int32Array
  /** How much of the stack is in use. */
  height: number
  frames: Frame[]
  /** How many steps were taken. */
  steps: number
}

/** One search follows the other, so that all use the same stack. */
let sharedStack: Int32Array = new Int32Array(3 * 256)

export function machineFor(program: Program): Machine {
  const registers = new Int32Array(program.registers)
  return { program, registers, stack: sharedStack, height: 0, frames: [], steps: 0 }
}

/**
 * The end of the match that begins at `start`, whose groups are then in the machine's registers; -1 where there
 * is none, -2 where the steps reached the limit.
 */
export function matchAt(machine: Machine, subject: string, start: number, limit: number): number {
  machine.registers.fill(-1)
  machine.registers[FRAME] = 0
  machine.registers[START] = start
  machine.height = 0
  machine.stack = sharedStack
  if (machine.frames.length > 0) machine.frames = []
  return run(machine, subject, start, limit)
}

function push(machine: Machine, first: number, second: number, third: number): void {
  let { stack } = machine
  const { height } = machine
  if (height + 3 > stack.length) {
    stack = new Int32Array(stack.length * 2)
    stack.set(machine.stack)
    machine.stack = stack
    sharedStack = stack
  }
  stack[height] = first
  stack[height + 1] = second
  stack[height + 2] = third
  machine.height = height + 3
}

function set(machine: Machine, register: number, value: number): void {
  push(machine, -1 - register, machine.registers[register]!, 0)
  machine.registers[register] = value
}

/** Forgets the choices above a height, and keeps what registers held before. Returns what it cost in steps. */
function cut(machine: Machine, height: number): number {
  const { stack } = machine
  let kept = height
  for (let at = height; at < machine.height; at += 3) {
    if (stack[at]! >= 0) continue
    stack[kept] = stack[at]!
    stack[kept + 1] = stack[at + 1]!
    stack[kept + 2] = stack[at + 2]!
    kept += 3
  }
  const cost = (machine.height - height) >> 3
  machine.height = kept
  return cost
}

/** Goes back to a height, and gives registers what they held there. Returns what it cost in steps. */
function unwind(machine: Machine, height: number): number {
  const { stack } = machine
  for (let at = machine.height - 3; at >= height; at -= 3) {
    if (stack[at]! < 0) machine.registers[-1 - stack[at]!] = stack[at + 1]!
  }
  const cost = (machine.height - height) >> 3
  machine.height = height
  return cost
}

function run(machine: Machine, subject: string, start: number, limit: number): number {
  const { registers, program } = machine
  const { code, strings, sets, newline } = program
  const length = subject.length
  let at = 0
  let place = start
  let steps = machine.steps
  for (;;) {
    if (++steps > limit) {
      machine.steps = steps
      return -2
    }
    let isFailed = false
    switch (code[at]) {
      case Op.match: {
        const frame = registers[FRAME]!
        if (frame === 0) {
          machine.steps = steps
          return place
        }
        at = leave(machine, frame)
        break
      }
      case Op.char:
        if (place < length && subject.charCodeAt(place) === code[at + 1]) {
          place++
          at += 2
        } else isFailed = true
        break
      case Op.either: {
        const char = place < length ? subject.charCodeAt(place) : -1
        if (char === code[at + 1] || char === code[at + 2]) {
          place++
          at += 3
        } else isFailed = true
        break
      }
      case Op.string: {
        const text = strings[code[at + 1]!]!
        if (subject.startsWith(text, place)) {
          place += text.length
          at += 2
        } else isFailed = true
        break
      }
      case Op.set:
        if (place < length && has(sets[code[at + 1]!]!, subject.charCodeAt(place))) {
          place++
          at += 2
        } else isFailed = true
        break
      case Op.any:
        if (place < length) {
          place++
          at++
        } else isFailed = true
        break
      case Op.notNewline:
        if (place < length && subject.charCodeAt(place) !== newline) {
          place++
          at++
        } else isFailed = true
        break
      case Op.jump:
        at = code[at + 1]!
        break
      case Op.split:
        push(machine, code[at + 1]!, place, -1)
        at += 2
        break
      case Op.splitTo:
        push(machine, at + 2, place, -1)
        at = code[at + 1]!
        break
      case Op.open:
        set(machine, openOf(code[at + 1]!), place)
        at += 2
        break
      case Op.close: {
        const group = code[at + 1]!
        set(machine, beginOf(group), registers[openOf(group)]!)
        set(machine, endOf(group), place)
        at += 2
        break
      }
      case Op.return: {
        const frame = registers[FRAME]!
        if (frame !== 0 && machine.frames[frame - 1]!.group === code[at + 1]) at = leave(machine, frame)
        else at += 2
        break
      }
      case Op.subjectStart:
        if (place === 0) at++
        else isFailed = true
        break
      case Op.subjectEnd:
        if (place === length) at++
        else isFailed = true
        break
      case Op.lastLineEnd:
        if (place === length || (place === length - 1 && subject.charCodeAt(place) === newline)) at++
        else isFailed = true
        break
      case Op.lineStart:
        // Behind a newline that ends the subject no line begins.
        if (place === 0 || (place < length && subject.charCodeAt(place - 1) === newline)) at++
        else isFailed = true
        break
      case Op.lineEnd:
        if (place === length || subject.charCodeAt(place) === newline) at++
        else isFailed = true
        break
      case Op.wordBoundary:
      case Op.noWordBoundary: {
        const words = sets[code[at + 1]!]!
        const before = place > 0 && has(words, subject.charCodeAt(place - 1))
        const behind = place < length && has(words, subject.charCodeAt(place))
        if ((before !== behind) === (code[at] === Op.wordBoundary)) at += 2
        else isFailed = true
        break
      }
      case Op.keep:
        set(machine, START, place)
        at++
        break
      case Op.greedy:
      case Op.possessive: {
        const most = code[at + 3]!
        const end = runOf(subject, place, most, code[at + 1] === -1 ? null : sets[code[at + 1]!]!)
        steps += (end - place) >> 3
        const first = place + code[at + 2]!
        if (end < first) {
          isFailed = true
          break
        }
        if (end > first && code[at] === Op.greedy) push(machine, at + 4, end, first)
        place = end
        at += 4
        break
      }
      case Op.lazy: {
        const least = code[at + 2]!
        const end = runOf(subject, place, least, code[at + 1] === -1 ? null : sets[code[at + 1]!]!)
        if (end < place + least) {
          isFailed = true
          break
        }
        place = end
        push(machine, at, place, -2 - least)
        at += 4
        break
      }
      case Op.loopInit:
        set(machine, code[at + 1]!, 0)
        at += 2
        break
      case Op.loopTest: {
        const count = registers[code[at + 1]!]!
        const most = code[at + 3]!
        if (count < code[at + 2]!) at += 6
        else if (most !== -1 && count >= most) at = code[at + 5]!
        else if (code[at + 4] === 1) {
          push(machine, at + 6, place, -1)
          at = code[at + 5]!
        } else {
          push(machine, code[at + 5]!, place, -1)
          at += 6
        }
        break
      }
      case Op.loopEnter: {
        const counter = code[at + 1]!
        if (counter !== -1) set(machine, counter, registers[counter]! + 1)
        set(machine, code[at + 2]!, place)
        at += 3
        break
      }
      case Op.loopNext: {
        // A turn that matched nothing is the last one where nothing bounds them.
        const isEmpty = registers[code[at + 2]!] === place
        const isEnough = registers[code[at + 1]!]! >= code[at + 3]!
        at = code[at + 4] === 1 && isEmpty && isEnough ? at + 6 : code[at + 5]!
        break
      }
      case Op.atomicBegin:
        set(machine, code[at + 1]!, machine.height)
        at += 2
        break
      case Op.atomicEnd:
        steps += cut(machine, registers[code[at + 1]!]!)
        at += 2
        break
      case Op.lookBegin: {
        set(machine, code[at + 2]!, place)
        set(machine, code[at + 1]!, machine.height)
        at += 3
        break
      }
      case Op.lookEnd:
        if (code[at + 1] !== -1) steps += cut(machine, registers[code[at + 1]!]!)
        place = registers[code[at + 2]!]!
        at += 3
        break
      case Op.notBegin: {
        set(machine, code[at + 1]!, machine.height)
        push(machine, code[at + 2]!, place, -1)
        at += 3
        break
      }
      case Op.notEnd:
        steps += unwind(machine, registers[code[at + 1]!]!)
        isFailed = true
        break
      case Op.back:
        if (place < code[at + 1]!) isFailed = true
        else {
          place -= code[at + 1]!
          at += 2
        }
        break
      case Op.backBetween: {
        const nearest = place - code[at + 1]!
        if (nearest < 0) {
          isFailed = true
          break
        }
        const farthest = Math.max(0, place - code[at + 2]!)
        for (let begin = nearest; begin > farthest; begin--) push(machine, at + 3, begin, -1)
        steps += nearest - farthest
        place = farthest
        at += 3
        break
      }
      case Op.checkPlace:
        if (place === registers[code[at + 1]!]) at += 2
        else isFailed = true
        break
      case Op.backReference: {
        const end = referenceEnd(machine, subject, place, code[at + 1]!, code[at + 2] === 1)
        if (end === -1) isFailed = true
        else {
          steps += (end - place) >> 3
          place = end
          at += 3
        }
        break
      }
      case Op.call: {
        const group = code[at + 2]!
        if (isLooping(machine, group, place)) {
          machine.steps = steps
          return -2
        }
        machine.frames.push({
          group,
          address: at + 4,
          place,
          outer: registers[FRAME]!,
          registers: registers.slice(),
          height: machine.height,
          isAtomic: code[at + 3] === 1,
        })
        steps += registers.length
        set(machine, FRAME, machine.frames.length)
        at = code[at + 1]!
        break
      }
      case Op.ifSet: {
        const groups = machine.program.lists[code[at + 1]!]!
        at = groups.some(group => registers[endOf(group)] !== -1) ? at + 3 : code[at + 2]!
        break
      }
      case Op.ifCalled: {
        const groups = code[at + 1] === -1 ? null : machine.program.lists[code[at + 1]!]!
        const frame = machine.frames[registers[FRAME]! - 1]
        const holds = frame !== undefined && (groups === null || groups.includes(frame.group))
        at = holds ? at + 3 : code[at + 2]!
        break
      }
      case Op.lineBreak: {
        const char = place < length ? subject.charCodeAt(place) : -1
        if (char === 13 && place + 1 < length && subject.charCodeAt(place + 1) === 10) place += 2
        else if (char === 10 || char === 13) place++
        else if (code[at + 1] === 0 && isOtherLineBreak(char)) place++
        else {
          isFailed = true
          break
        }
        at += 2
        break
      }
      case Op.grapheme:
        if (place >= length) isFailed = true
        else {
          const isPair = subject.charCodeAt(place) === 13 && subject.charCodeAt(place + 1) === 10
          place += isPair ? 2 : 1
          at++
        }
        break
      default:
        isFailed = true
    }
    if (!isFailed) continue
    // Back to the last choice.
    const stack = machine.stack
    for (;;) {
      if (machine.height === 0) {
        machine.steps = steps
        return -1
      }
      const top = machine.height - 3
      const address = stack[top]!
      if (address < 0) {
        registers[-1 - address] = stack[top + 1]!
        machine.height = top
        continue
      }
      const third = stack[top + 2]!
      if (third >= 0) {
        // A greedy repetition gives one back.
        place = --stack[top + 1]!
        if (place === third) machine.height = top
        at = address
        break
      }
      place = stack[top + 1]!
      if (third === -1) {
        machine.height = top
        at = address
        break
      }
      // A lazy one takes one more.
      const taken = -2 - third
      const most = code[address + 3]!
      const more = code[address + 1] === -1 ? null : sets[code[address + 1]!]!
      const fits = place < length && (more === null || has(more, subject.charCodeAt(place)))
      if ((most !== -1 && taken >= most) || !fits) {
        machine.height = top
        continue
      }
      place++
      stack[top + 1] = place
      stack[top + 2] = third - 1
      at = address + 4
      break
    }
  }
}

/** Behind a call: the registers are what they were before it. */
function leave(machine: Machine, index: number): number {
  const frame = machine.frames[index - 1]!
  if (frame.isAtomic) cut(machine, frame.height)
  for (let register = 0; register < frame.registers.length; register++) {
    if (register === START || register === FRAME) continue
    if (machine.registers[register] !== frame.registers[register]) {
      set(machine, register, frame.registers[register]!)
    }
  }
  set(machine, FRAME, frame.outer)
  return frame.address
}

/** A call of the same group at the same place, to which the library says that it would never end. */
function isLooping(machine: Machine, group: number, place: number): boolean {
  for (let index = machine.registers[FRAME]!; index !== 0; ) {
    const frame = machine.frames[index - 1]!
    if (frame.group === group) return frame.place === place
    index = frame.outer
  }
  return false
}

/** Behind what one of the groups has matched, where the same stands here; else -1. */
function referenceEnd(
  machine: Machine,
  subject: string,
  place: number,
  list: number,
  caseless: boolean,
): number {
  const { registers } = machine
  for (const group of machine.program.lists[list]!) {
    const end = registers[endOf(group)]!
    if (end === -1) continue
    const begin = registers[beginOf(group)]!
    const size = end - begin
    if (place + size > subject.length) return -1
    for (let index = 0; index < size; index++) {
      const one = subject.charCodeAt(begin + index)
      const other = subject.charCodeAt(place + index)
      if (one !== other && !(caseless && isSameLetter(one, other))) return -1
    }
    return place + size
  }
  return -1
}

function has(set: CharacterSet, code: number): boolean {
  return code < 256 ? set.table[code] === 1 : set.wide?.(code) === true
}

/** Behind the characters of a set from a place on, at most so many (-1 for all). */
function runOf(subject: string, place: number, most: number, set: CharacterSet | null): number {
  const end = most === -1 || place + most > subject.length ? subject.length : place + most
  if (set === null) return end
  let at = place
  while (at < end && has(set, subject.charCodeAt(at))) at++
  return at
}

function isSameLetter(one: number, other: number): boolean {
  return (one ^ other) === 0x20 && (one | 0x20) >= 97 && (one | 0x20) <= 122
}

function isOtherLineBreak(code: number): boolean {
  return code === 11 || code === 12 || code === 0x85 || code === 0x2028 || code === 0x2029
}
