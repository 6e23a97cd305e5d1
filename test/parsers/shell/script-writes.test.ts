import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scriptWrites } from '../../../parsers/shell/script-writes.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { wholeText } from '../../../parsers/text/written-text.ts'

/** What is written, a line for each: `/etc/a = text`, `/etc/a < file`, `/etc/a -> /etc/b`. */
function writesOf(script: string): readonly string[] {
  return scriptWrites([wholeText(textSource('/setup.sh', script))]).map(({ at, by }) => {
    if (by.kind === 'text') return `${at} = ${placeText(by.text).trim()}`
    return by.kind === 'copy' ? `${at} < ${by.from}` : `${at} -> ${by.to}`
  })
}

const document = (command: string, text = 'a'): string => `${command} <<'EOF'\n${text}\nEOF\n`

test('here-documents that cat and tee write whole', () => {
  for (const command of [
    'cat > /etc/a',
    'cat >/etc/a',
    'cat > "/etc/a"',
    'sudo tee /etc/a > /dev/null',
    'sudo -u root tee "/etc/a"',
    'mkdir -p /etc && cat > /etc/a',
    'F=/etc/a\ncat > "$F"',
    'readonly D=/etc\ncat > $D/a',
  ])
    assert.equal(writesOf(document(command)), ['/etc/a = a'], command)
  assert.equal(writesOf("cat <<'EOF' | sudo tee /etc/a\na\nEOF\n"), ['/etc/a = a'])
  for (const command of [
    'cat >> /etc/a',
    'tee -a /etc/a',
    'cat > $F',
    'cat > a',
    'cat > /dev/null',
    'ssh web',
  ])
    assert.equal(writesOf(document(command)), [], command)
})

test('files that are copied, and links', () => {
  assert.equal(writesOf('install -m 644 -o root deploy/a /etc/a'), ['/etc/a < deploy/a'])
  assert.equal(writesOf('cp -f a.service /etc/systemd/system/'), [
    '/etc/systemd/system/a.service < a.service',
  ])
  assert.equal(writesOf('cp a /etc/cron.d'), ['/etc/cron.d/a < a'])
  assert.equal(writesOf('ln -sf ../b/x /etc/a/x'), ['/etc/a/x -> /etc/b/x'])
  assert.equal(writesOf('ln -s /etc/nginx/sites-available/x /etc/nginx/sites-enabled/'), [
    '/etc/nginx/sites-enabled/x -> /etc/nginx/sites-available/x',
  ])
  assert.equal(writesOf('a2ensite shop'), [
    '/etc/apache2/sites-enabled/shop.conf -> /etc/apache2/sites-available/shop.conf',
  ])
  assert.equal(writesOf('cp a b /etc/'), [])
  assert.equal(writesOf('cp -r conf/ /etc/a'), [])
  assert.equal(writesOf('cp "$NAME" /etc/nginx/sites-enabled/'), [])
})

test('what a condition, a loop or nobody decides is left out', () => {
  const write = document('cat > /etc/a')
  assert.equal(writesOf(`if [ -f /etc/b ]; then\n${write}fi\n`), [])
  assert.equal(writesOf(`case $1 in\n  web)\n${write};;\nesac\n`), [])
  assert.equal(writesOf(`for x in a b; do\n${write}done\n`), [])
  assert.equal(writesOf(document('[ -f /etc/a ] || cat > /etc/a')), [])
  assert.equal(writesOf(document('test -d /etc/b && cat > /etc/a')), [])
  assert.equal(writesOf(`if a; then\n  b\nfi\n${write}`), ['/etc/a = a'])
  assert.equal(writesOf(`${write}fi\n`), [], 'a script that is not read')
})

test('a function counts where it is surely called', () => {
  const write = document('cat > /etc/a')
  assert.equal(writesOf(`setup() {\n${write}}\nsetup\n`), ['/etc/a = a'])
  assert.equal(writesOf(`function setup {\n${write}}\nmain () {\n  setup "$1"\n}\nmain "$@"\n`), [
    '/etc/a = a',
  ])
  assert.equal(writesOf(`setup() {\n${write}}\n`), [])
  assert.equal(writesOf(`setup() {\n${write}}\nif [ "$1" = web ]; then\n  setup\nelse\n  other\nfi\n`), [])
  assert.equal(writesOf(`setup() {\n${write}}\nother() {\n  setup\n}\n`), [])
})

test('what is there in the end is not known of a file that is written, changed or removed again', () => {
  const write = document('cat > /etc/a')
  for (const more of [
    write,
    document('cat > /etc/a', 'b'),
    document('cat >> /etc/a', 'b'),
    'echo b >> /etc/a',
    'echo b | tee -a /etc/a',
    'sed -i s/a/b/ /etc/a',
    'sed -i s/a/b/ /etc/*',
    'mv /etc/a /etc/b',
    'rm -f /etc/a',
    'if a; then rm -rf /etc; fi',
  ])
    assert.equal(writesOf(`${write}${more}\n`), [], more)
  assert.equal(writesOf(`rm -f /etc/a\n${write}chmod 600 /etc/a\n`), ['/etc/a = a'])
  assert.equal(writesOf(`${write}a2dissite 000-default\nrm /etc/ab\n`), ['/etc/a = a'])
})

test('a variable is known where it has one value', () => {
  assert.equal(writesOf(`F=/etc/a\nif a; then F=/etc/b; fi\n${document('cat > $F')}`), [])
  assert.equal(writesOf(`F=/etc/a\nread -r F\n${document('cat > $F')}`), [])
  assert.equal(writesOf(`F=\${1:-/etc/a}\n${document('cat > $F')}`), [])
})

test.run()
