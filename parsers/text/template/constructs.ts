import type { Step, Tag } from './tag.ts'

/** A statement with all that belongs to it: its arms, one of which, or none, is there. */
export interface Construct {
  /** Index of the tag that opens it. */
  readonly first: number
  /** Index of the tag that closes it. */
  readonly last: number
  readonly arms: readonly Arm[]
  /** True where one of the arms is always there. */
  readonly isTotal: boolean
}

export interface Arm {
  readonly start: number
  readonly end: number
}

/** What stands in a template under one answer to a condition that only its engine knows. */
export interface TemplateBranch {
  readonly start: number
  readonly end: number
  /** Equal within a file for equal questions. */
  readonly condition: string
  readonly answers: 2
  readonly answer: 0 | 1
  readonly negated: false
  /** True for the body of a loop, which is there any number of times. */
  readonly repeats?: true
}

export interface Structure {
  readonly constructs: readonly Construct[]
  readonly branches: readonly TemplateBranch[]
}

interface Frame {
  readonly first: number
  readonly block: string | null
  readonly isLoop: boolean
  readonly arms: Arm[]
  /** Where the arm begins that is open, and the question that it answers. */
  start: number
  question: Pick<TemplateBranch, 'condition' | 'answer'> | null
  /** True where no arm so far had to be asked for. */
  isAlways: boolean
  /** Where the earlier arms are known not to be there. */
  readonly others: { readonly start: number; readonly condition: string; readonly answer: 0 | 1 }[]
}

/**
 * Matches the statements of a template with what closes them. A statement that nothing closes, and a closer
 * without one, guard nothing. Equal conditions of one file are one question, unless a loop stands around
 * them or what they ask for was set anew between them.
 *
 * @param path names the file in its conditions
 */
export function structureOf(path: string, tags: readonly Tag[]): Structure {
  const constructs: Construct[] = []
  const branches: TemplateBranch[] = []
  const open: Frame[] = []
  const assigned = new Map<string, number>()
  const name = (condition: string | null, at: number): string => {
    if (condition === null) return `${path} ${at}`
    const loops = open.filter(({ isLoop }) => isLoop).map(({ start }) => start)
    const settings = [...assigned].filter(([known]) => condition.includes(known)).map(([, times]) => times)
    return [path, ...loops, condition, ...settings].join(' ')
  }
  const endArm = (frame: Frame, at: number): void => {
    frame.arms.push({ start: frame.start, end: at })
    const { question, start } = frame
    if (question === null || at <= start) return
    const branch = branchOf(start, at, question)
    branches.push(frame.isLoop && frame.others.length === 0 ? { ...branch, repeats: true } : branch)
  }
  const take = (step: Step, { start, end }: Tag, index: number): void => {
    switch (step.does) {
      case 'assign':
        if (assigned.size < MOST_NAMES) assigned.set(step.name, (assigned.get(step.name) ?? 0) + 1)
        return
      case 'open':
        if (open.length < DEEPEST)
          open.push({
            first: index,
            block: step.block,
            isLoop: step.body === 'loop',
            arms: [],
            start: end,
            question:
              step.body === 'always'
                ? null
                : { condition: name(step.condition, start), answer: step.negated ? 1 : 0 },
            isAlways: step.body === 'always',
            others: [],
          })
        return
      case 'turn': {
        const frame = open.at(-1)
        if (frame === undefined) return
        endArm(frame, start)
        if (frame.question !== null) {
          const { condition, answer } = frame.question
          frame.others.push({ start, condition, answer: answer === 0 ? 1 : 0 })
        }
        frame.start = end
        // The `else` of a chain asks nothing more; the `when` of a `case` asks for the first time.
        frame.question =
          step.condition === null && frame.others.length > 0
            ? null
            : { condition: name(step.condition, start), answer: step.negated ? 1 : 0 }
        frame.isAlways = frame.question === null
        return
      }
      case 'close': {
        const depth = open.findLastIndex(
          ({ block }) => block === null || step.block === null || block === step.block,
        )
        const frame = open[depth]
        if (frame === undefined) return
        open.length = depth
        endArm(frame, start)
        for (const other of frame.others) branches.push(branchOf(other.start, start, other))
        constructs.push({ first: frame.first, last: index, arms: frame.arms, isTotal: frame.isAlways })
        return
      }
    }
  }
  for (const [index, tag] of tags.entries()) for (const step of tag.steps) take(step, tag, index)
  return {
    constructs,
    branches: branches.sort((one, other) => one.start - other.start || other.end - one.end),
  }
}

/** Of what nobody writes by hand, so that a hostile file takes no longer than others. */
const DEEPEST = 60
const MOST_NAMES = 60

function branchOf(
  start: number,
  end: number,
  { condition, answer }: Pick<TemplateBranch, 'condition' | 'answer'>,
): TemplateBranch {
  return { start, end, condition, answers: 2, answer, negated: false }
}
