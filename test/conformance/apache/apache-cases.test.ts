import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { positionAt } from '../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { ApacheConfiguration } from '../../../src/servers/apache/configuration.ts'
import { evaluateApache } from '../../../src/servers/apache/evaluate.ts'
import { resolveApache } from '../../../src/servers/apache/resolve.ts'
import { known } from '../../../src/servers/fact.ts'
import { type ApacheCase, BASE, caseFiles, fill, ROOT, readCases } from './read-cases.ts'

for (const one of readCases()) {
  test(one.name, () => {
    const configuration = evaluateCase(one)
    const fatal = configuration.problems.find(problem => problem.fatal)
    if (one.accepts) {
      assert.is(fatal, undefined, `refused: ${fatal?.message}`)
      if (one.tree !== null) assert.is(ownTree(resolveApache(configuration)), fill(one.tree))
      return
    }
    assert.ok(fatal, `accepted, but httpd says: ${one.stderr}`)
    const expected = blamed(one.stderr)
    if (expected === null) return
    const { source, start } = fatal.at
    if (expected.file.startsWith('macro ')) {
      const lines = source.code.split('\n')
      const line = positionAt(source, start).line
      assert.is(lines[line - 1]?.trim(), macroLine(lines, expected))
    } else {
      assert.is(source.path, expected.file)
      assert.is(positionAt(source, start).line, expected.line)
    }
  })
}

function evaluateCase(one: ApacheCase): ApacheConfiguration {
  const files = memoryFileSystem(caseFiles(one))
  const read = files.read(`${ROOT}/c.conf`)
  if (read.kind !== 'source') throw new Error(`no main file: ${read.reason}`)
  const defines: string[] = []
  const before: string[] = []
  const after: string[] = []
  for (let index = 0; index < one.args.length; index++) {
    const option = one.args[index] ?? ''
    if (option === '-D') defines.push(one.args[++index] ?? '')
    else if (option.startsWith('-D')) defines.push(option.slice(2))
    else if (option === '-C') before.push(one.args[++index] ?? '')
    else if (option === '-c') after.push(one.args[++index] ?? '')
  }
  return evaluateApache({
    files,
    main: read.source,
    fragments: [],
    environment: {
      variables: new Map(Object.entries(one.env).map(([name, value]) => [name, known(value)])),
      complete: true,
      defines: new Map(),
    },
    version: { value: '2.4.71', from: 'option', at: null },
    serverRoot: ROOT,
    defines,
    commandLine: { before, after },
  })
}

/** What stands in the dump behind everything that base.inc brought. */
function ownTree(dump: string): string {
  const start = dump.lastIndexOf(`# In file: ${BASE}\n`)
  if (start === -1) return dump
  const next = dump.indexOf('# In file: ', start + 1)
  return next === -1 ? '' : dump.slice(next)
}

interface Blamed {
  readonly file: string
  readonly line: number
}

/** The innermost file and line that httpd names; null where it names none. */
function blamed(stderr: string): Blamed | null {
  const text = fill(stderr)
  const all = [
    ...text.matchAll(/Syntax error on line (\d+) of (macro .*?"\)? used on line \d+ of "[^"]*"|[^\s:]+)/g),
  ]
  const last = all.at(-1)
  return last === undefined ? null : { file: last[2] ?? '', line: Number(last[1]) }
}

/** The text of a macro's line by its number in the body, as these cases have no comments there. */
function macroLine(lines: readonly string[], { file, line }: Blamed): string | undefined {
  const defined = Number(/defined on line (\d+)/.exec(file)?.[1])
  const body = lines.slice(defined).map(text => text.trim())
  return body.filter(text => !text.startsWith('#'))[line - 1]
}

test.run()
