import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource, UNKNOWN } from '../../../parsers/text/source.ts'
import { wholeText } from '../../../parsers/text/written-text.ts'
import { followedCommands } from '../../../src/deployment/setups/followed-commands.ts'

function said(...scripts: readonly string[]): readonly string[] {
  const texts = scripts.map((script, index) => wholeText(textSource(`/${index}.sh`, script)))
  return [...followedCommands(texts)].map(
    ({ words, directory }) => `${directory ?? '?'}: ${words.map(({ text }) => text).join(' ')}`,
  )
}

test('cd and variables are followed, from one script into the next', () => {
  assert.equal(said('a; cd /srv && b\ncd shop; c', 'd\ncd -; e\ncd; f'), [
    '?: a',
    '/srv: cd /srv',
    '/srv: b',
    '/srv/shop: cd shop',
    '/srv/shop: c',
    '/srv/shop: d',
    '?: cd -',
    '?: e',
    '~: cd',
    '~: f',
  ])
  assert.equal(said('APP=/srv/shop\nexport LOGS="$APP/log"\ncd $LOGS\na $OTHER'), [
    '?: ',
    '?: export LOGS=/srv/shop/log',
    '/srv/shop/log: cd /srv/shop/log',
    `/srv/shop/log: a ${UNKNOWN}`,
  ])
})

test('what only starts a program is no word of it', () => {
  assert.equal(said('if ! sudo -u shop A=1 a b; then poetry run c; fi; B=2 python3 -m d'), [
    '?: a b',
    '?: c',
    '?: fi',
    '?: d',
  ])
})

test('the commands of ssh are the other machine’s, with its own directory and variables', () => {
  assert.equal(said(`A=/x\ncd $A; ssh -p 22 me@h "cd $A && a"; ssh h 'b $A'; ssh h c $A; d`), [
    '?: ',
    '/x: cd /x',
    '/x: cd /x',
    '/x: a',
    `?: b ${UNKNOWN}`,
    '?: c /x',
    '/x: d',
  ])
  assert.equal(
    said("A=1\nssh h << EOF\na $A\nEOF\nssh h bash -s <<'EOF' && c\nb $A\nEOF\nsudo sh <<E\nd\nE"),
    ['?: ', '?: a 1', `?: b ${UNKNOWN}`, '?: c', '?: d'],
  )
  assert.equal(said('ssh h\nssh h bash x.sh'), ['?: ssh h', '?: bash x.sh'])
})

test.run()
