import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { emptiedFiles } from '../../../parsers/shell/emptied-file.ts'

const found = (script: string) =>
  emptiedFiles(script).map(({ command, file, start, end }) => [command, file, script.slice(start, end)])

test('a file that is written before it is read', () => {
  assert.equal(found('envsubst < /a.conf > /a.conf'), [['envsubst', '/a.conf', '/a.conf']])
  assert.equal(found('set -e\nenvsubst \'$A $B\' <"$F" >"$F"\nexec x'), [['envsubst', '$F', '"$F"']])
  assert.equal(found("A=1 sed 's/a > b/c/' \\\n  /a.conf > /a.conf 2>&1"), [['sed', '/a.conf', '/a.conf']])
  assert.equal(found('if true; then jq . a.json > a.json; fi'), [['jq', 'a.json', 'a.json']])
})

test('files that are read first, or not at all', () => {
  for (const script of [
    'envsubst < /a.template > /a.conf',
    'sed -i s/a/b/ /a.conf > /a.conf',
    'cat /a.conf >> /a.conf',
    'cat > /a.conf <<EOF\n/a.conf\nEOF',
    'echo /a.conf > /a.conf',
    'cat /a.conf 2> /a.conf',
    '# envsubst < /a > /a',
    "echo 'envsubst < /a > /a'",
    'cat /dev/null > /a.conf',
    'sed "s/a/b/ < /a.conf > /a.conf',
  ])
    assert.equal(found(script), [], script)
})

test.run()
