import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../../src/servers/apache/configuration.ts'
import { evaluateApache } from '../../../src/servers/apache/evaluate.ts'
import { resolveApache } from '../../../src/servers/apache/resolve.ts'

const RUNS = { seed: 20_241_124, numRuns: 1500 }

const line = fc.constantFrom(
  'LoadModule macro_module /usr/lib/apache2/modules/mod_macro.so',
  'LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so',
  'Define A 1',
  'Define A "x y"',
  'Define A <Directory',
  'UnDefine A',
  '${A} /srv>',
  'Header set X "${A}" ${B}',
  '<VirtualHost *:80>',
  '</VirtualHost>',
  '<Directory /srv>x',
  '</Directory>',
  '</Directory',
  '<IfModule mod_headers.c>',
  '<IfModule !mod_ssl.c>',
  '<IfModule mod_nope.c>',
  '</IfModule>',
  '</IfModule> x',
  '<IfDefine A>',
  '</IfDefine>',
  '<IfVersion >= 2.4>',
  '</IfVersion>',
  '<Macro m $a>',
  '<Macro m $a $ab>',
  '</Macro>',
  'Use m 1',
  'Use m "1 2" "',
  'UndefMacro m',
  'Include b.conf',
  'IncludeOptional *.conf',
  'ServerRoot /etc/apache2/x',
  'ServerName a$a.example "b',
  '# comment \\',
  'Header set Y \\',
  '"" x',
  '> x',
  '\0\0',
  '',
)
const text = fc.array(line, { maxLength: 25 }).map(lines => lines.join('\n'))

function evaluate(main: string, other: string): ApacheConfiguration {
  const files = memoryFileSystem(
    { '/etc/apache2/apache2.conf': main, '/etc/apache2/b.conf': other },
    { covers: ['/etc'] },
  )
  const read = files.read('/etc/apache2/apache2.conf')
  if (read.kind !== 'source') throw new Error(read.reason)
  return evaluateApache({
    files,
    main: read.source,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: '2.4.71', from: 'option', at: null },
  })
}

function checkTree(directives: readonly ApacheDirective[], parent: ApacheDirective | null): number {
  let count = 0
  for (const directive of directives) {
    assert.is(directive.parent, parent)
    const { source, start, end, nameStart, nameEnd } = directive
    assert.ok(0 <= start && start <= nameStart && nameStart <= nameEnd && nameEnd <= end)
    assert.ok(end <= source.text.length)
    for (const word of directive.args)
      assert.ok(start <= word.start && word.start <= word.end && word.end <= end)
    count += 1 + checkTree(directive.children, directive)
  }
  return count
}

test('any order of lines is read: a sound tree, a full index, problems in their files', () => {
  fc.assert(
    fc.property(text, text, (main, other) => {
      const configuration = evaluate(main, other)
      const count = checkTree(configuration.top, null)
      let indexed = 0
      for (const list of configuration.occurrences.values()) indexed += list.length
      assert.is(indexed, count)
      for (const { at } of configuration.problems) {
        assert.ok(0 <= at.start && at.start <= at.end && at.end <= at.source.text.length)
      }
      assert.type(resolveApache(configuration), 'string')
    }),
    RUNS,
  )
})

test('reading the same twice gives the same', () => {
  fc.assert(
    fc.property(text, text, (main, other) => {
      const [first, second] = [evaluate(main, other), evaluate(main, other)]
      assert.is(resolveApache(first), resolveApache(second))
      assert.equal(
        first.problems.map(({ code, message }) => [code, message]),
        second.problems.map(({ code, message }) => [code, message]),
      )
    }),
    { ...RUNS, numRuns: 200 },
  )
})

test('what is not nested in a conditional, and reads no file, reads again from its own dump', () => {
  const plain = fc.constantFrom('Header set A "b  c"', 'SetEnv X "y', '<Files a>\nHeader set D e\n</Files>')
  fc.assert(
    fc.property(fc.array(plain, { maxLength: 12 }), lines => {
      const once = resolveApache(evaluate(lines.join('\n'), ''))
      const twice = resolveApache(evaluate(once, ''))
      const bare = (dump: string) => dump.replace(/^ *#.*\n/gm, '')
      assert.is(bare(twice), bare(once))
    }),
    { ...RUNS, numRuns: 200 },
  )
})

test('depth and doubling come to an end', () => {
  const deep = evaluate('<IfModule core.c>\n'.repeat(50_000), '')
  assert.is(deep.modulesComplete, false)
  const sections = evaluate('<If "true">\n'.repeat(50_000), '')
  assert.type(resolveApache(sections), 'string')
  const files: Record<string, string> = {}
  for (let index = 0; index < 40; index++) {
    const twice = `Include ${index + 1}.conf\nInclude ${index + 1}.conf\n`
    files[`/etc/apache2/${index}.conf`] = index === 39 ? 'SetEnv A b\n' : twice
  }
  const memory = memoryFileSystem(files)
  const read = memory.read('/etc/apache2/0.conf')
  if (read.kind !== 'source') throw new Error(read.reason)
  const doubled = evaluateApache({
    files: memory,
    main: read.source,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: '2.4.71', from: 'option', at: null },
  })
  assert.is(doubled.modulesComplete, false)
})

test.run()
