import { bareScript } from './_shell-faults.ts'

/**
 * True where a command of a build's step runs in some cases alone, or may fail without ending the build: a branch,
 * what stands behind a test, and what has a `||` in its list. Whoever wrote that knew of the other case.
 */
export function isConditional(script: string, offset: number): boolean {
  const bare = bareScript(script)
  const before = bare.slice(0, offset)
  if (depthAt(before) > 0) return true
  const list = /(?:^|[;\n(]|\b(?:then|do|else)\b)[^;\n(]*$/.exec(before)?.[0] ?? ''
  const rest = /^[^;\n]*/.exec(bare.slice(offset))?.[0] ?? ''
  return list.includes('||') || GOES_ON.test(rest) || TESTS.test(list)
}

const GOES_ON = /\|\|(?!\s*(?:exit|false|[({][^|]*\bexit)\b)/

/** A test that has to be true for what stands behind its `&&`. */
const TESTS =
  /(?:^|[;\n(&]|\b(?:then|do|else)\b)\s*(?:!\s|\[\[?\s|test\s|command\s+-v\s|which\s|type\s|e?grep\s+-q\S*\s)[^&]*&&/

const WORD =
  /(?<=(?:^|[;&|(\n]|\b(?:then|do|else|elif|if|while|until)\b)\s*(?:!\s+)?)\b(if|fi|case|esac|while|until|for|done)\b/g

/** How many branches are open behind a text; a loop over words surely runs. */
function depthAt(text: string): number {
  const loops: boolean[] = []
  let depth = 0
  for (const [, word] of text.matchAll(WORD)) {
    if (word === 'if' || word === 'case') depth++
    else if (word === 'fi' || word === 'esac') depth--
    else if (word === 'done') depth -= loops.pop() === true ? 1 : 0
    else {
      loops.push(word !== 'for')
      if (word !== 'for') depth++
    }
  }
  return depth
}
