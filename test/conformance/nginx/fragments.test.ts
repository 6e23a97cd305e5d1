import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseNginx } from '../../../parsers/nginx/parse.ts'
import type { NginxNode } from '../../../parsers/nginx/syntax.ts'
import { type Source, textSource } from '../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { evaluateNginx } from '../../../src/servers/nginx/evaluate.ts'
import { CASE_FILES, readCases } from './cases.ts'

const BASES = new URL('bases/', import.meta.url)

/** Configurations that nginx accepts, in ASCII, so that a piece of one is read as the whole was. */
function acceptedTexts(): readonly string[] {
  const bases = readdirSync(BASES).filter(name => name.endsWith('.conf'))
  const texts = bases.map(name => readFileSync(new URL(name, BASES), 'utf8'))
  for (const { accepts, conf, files } of CASE_FILES.flatMap(readCases))
    if (accepts && Object.keys(files).length === 0) texts.push(conf)
  return texts.filter(text => /^[\0-\x7f]*$/.test(text))
}

/** What people keep in files of their own: the inside of a block, and each of its directives alone. */
function* pieces(text: string, nodes: readonly NginxNode[], names: readonly string[]): Generator<string> {
  for (const node of nodes) {
    if (node.kind !== 'directive' || node.block === null || !names.includes(node.name.value)) continue
    yield text.slice(node.block.start + 1, node.block.end - 1)
    for (const child of node.block.children)
      if (child.kind === 'directive') yield text.slice(child.start, child.end)
    yield* pieces(text, node.block.children, ['server', 'location'])
  }
}

/** One source as a fragment, seen by a version that is given and by one that is assumed. */
function fatalIn(source: Source): readonly string[] {
  const files = memoryFileSystem({}, { covers: [] })
  return (['option', 'assumed'] as const).flatMap(from => {
    const version = { value: '1.22.1', from, at: null }
    const { problems } = evaluateNginx({ files, main: null, fragments: [source], version })
    return problems.filter(({ fatal }) => fatal).map(({ code, message }) => `${code}: ${message}`)
  })
}

test('no part of what nginx accepts is refused where it stands alone', () => {
  let count = 0
  for (const text of acceptedTexts()) {
    const { children } = parseNginx(textSource('/nginx.conf', text))
    for (const piece of pieces(text, children, ['http', 'stream'])) {
      count++
      assert.equal(fatalIn(textSource('/site.conf', piece)), [], piece)
    }
  }
  assert.ok(count > 500, `${count} pieces`)
})

test.run()
