import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readHaproxy } from '../../../parsers/haproxy/read-haproxy.ts'
import { readSupervisor } from '../../../parsers/supervisor/read-supervisor.ts'
import { marginOf } from '../../../parsers/text/margin.ts'
import { type Source, textSource } from '../../../parsers/text/source.ts'

/** A text as a block of YAML holds it. */
function inBlock(text: string, path = '/user-data.yml'): Source {
  const inner = text.replace(/^(?=.)/gm, '      ')
  const outer = `content: |\n${inner}next: a\n`
  return { ...textSource(path, outer), code: `          \n${inner}       \n` }
}

test('the blanks of a block are no part of the file that it holds', () => {
  assert.is(marginOf(inBlock('[a]\nb=1\n  c\n')), 6)
  assert.is(marginOf(textSource('/a.conf', '  [a]\n  b=1\n')), 0)
  assert.is(marginOf(inBlock('')), 0)
})

test('a line of supervisord goes on with the next that is indented in its own file', () => {
  const source = inBlock(
    '[program:shop]\ncommand=/srv/a\ndirectory=/srv\nenvironment=A="1",\n  B="2"\n',
    '/shop.conf',
  )
  const { programs } = readSupervisor([source], { read: () => null, list: () => null })
  const [program] = programs
  assert.equal(
    program?.words?.map(({ text }) => text),
    ['/srv/a'],
  )
  assert.equal(
    program?.environment.map(({ name }) => name),
    ['A', 'B'],
  )
})

test('a section of HAProxy begins at its margin', () => {
  const source = inBlock('defaults\n  mode http\nfrontend web\n  bind :80\n')
  assert.is(readHaproxy(source).length > 0, true)
})

test.run()
