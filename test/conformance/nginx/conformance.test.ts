import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { positionAt } from '../../../parsers/text/source.ts'
import type { NginxDirective } from '../../../src/servers/nginx/configuration.ts'
import { CASE_FILES, evaluateCase, placeNamed, type RecordedCase, readCases } from './cases.ts'

/** Compares verdict and place: nginx's own line, or the one on which the directive begins that it names. */
function agrees(recorded: RecordedCase): void {
  const { top, problems } = evaluateCase(recorded)
  const fatal = problems.find(problem => problem.fatal)
  const said = problems.map(({ code, message }) => `${code}: ${message}`).join('\n')
  const expected = recorded.messages.join('\n')
  assert.is(fatal === undefined, recorded.accepts, `nginx: ${expected}\nhere: ${said}`)
  if (expected.includes('Too many open files')) {
    // Where nginx gives up hangs on how many files it may open.
    assert.is(fatal?.code, 'include-cycle')
    return
  }
  const named = placeNamed(recorded)
  if (fatal === undefined || named === null) return
  const { source, start } = fatal.at
  const file = recorded.links?.[named.file] ?? named.file
  assert.is(source.path, `/etc/nginx/${file}`, `nginx: ${expected}\nhere: ${said}`)
  const { line } = positionAt(source, start)
  const lines = [named.line, ...beginnings(top, source.path, named.line)]
  assert.ok(lines.includes(line), `nginx: ${expected}\nhere, line ${line}: ${said}`)
}

/** The lines on which the directives begin whose arguments end on the given line. */
function beginnings(directives: readonly NginxDirective[], path: string, line: number): number[] {
  return directives.flatMap(({ source, node, children }) => {
    const inner = beginnings(children, path, line)
    const ends = source.path === path && positionAt(source, node.terminator).line === line
    return ends ? [positionAt(source, node.start).line, ...inner] : inner
  })
}

for (const file of CASE_FILES)
  for (const recorded of readCases(file)) test(`${file}: ${recorded.name}`, () => agrees(recorded))

test.run()
