import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { replacedWords } from '../../../parsers/shell/replaced-words.ts'
import { substitutionsIn } from '../../../parsers/shell/substitutions.ts'
import { reveal } from '../../../parsers/text/placeholder.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { wholeText } from '../../../parsers/text/written-text.ts'

const read = (script: string) => substitutionsIn(wholeText(textSource('/run.sh', script)))

/** `file: $VARIABLE word` of each. */
const filled = (script: string): readonly string[] =>
  read(script).substitutions.map(({ file, isDirectory, variables, words }) => {
    const names = variables === 'all' ? ['all'] : [...variables].map(name => `$${name}`)
    return `${reveal(file)}${isDirectory ? '/**' : ''}: ${[...names, ...words.map(({ text }) => text)].join(' ')}`
  })

test('envsubst fills in the variables that it is told of, or all', () => {
  assert.equal(filled("envsubst '$PORT ${NAME}' < /a.conf > /b.conf"), ['/a.conf: $PORT $NAME'])
  assert.equal(filled('envsubst </a.conf >/b.conf && nginx'), ['/a.conf: all'])
  assert.equal(filled("cat a.conf | envsubst '$T' | sudo tee /etc/a.conf"), ['a.conf: $T'])
  assert.equal(filled('echo "$(envsubst \'$T\' < a.conf)" > a.conf'), ['a.conf: $T'])
  assert.equal(filled('envsubst -V'), [])
  assert.equal(filled('# envsubst < a.conf'), [])
})

test('sed replaces words, wherever its files are named', () => {
  assert.equal(filled('sed -i "s/APP_PORT/$PORT/g; s|__X__|1|" /a.conf b.conf'), [
    '/a.conf: APP_PORT __X__',
    'b.conf: APP_PORT __X__',
  ])
  assert.equal(filled("sed -e 's/@@p@@/8080/' < a.conf > b.conf"), ['a.conf: @@p@@'])
  assert.equal(filled('for f in /etc/nginx/*.conf; do sed -i s/app_port/$P/ "$f"; done'), [
    '/etc/nginx/*.conf: app_port',
  ])
  assert.equal(filled('find /etc/nginx -name "*.conf" -exec sed -i "s/TTT/5/" {} +'), ['/etc/nginx/**: TTT'])
  assert.equal(filled('grep -rl TTT /etc/nginx | xargs sed -i "s/TTT/5/"'), ['/etc/nginx/**: TTT'])
  assert.equal(filled('CONF=/etc/a.conf\nsed -i "s/TTT/5/" "$CONF"'), ['/etc/a.conf: TTT'])
})

test('what is copied, filled in or not, is another file’s', () => {
  assert.equal(read('cp a.conf /etc/a.conf\nsed s/TTT/5/ b.conf > /etc/b.conf').copies, [
    { from: 'a.conf', to: '/etc/a.conf' },
    { from: 'b.conf', to: '/etc/b.conf' },
  ])
})

test('a word is replaced where it is written out, and nobody could mean it or nobody knows by what', () => {
  const words = (script: string): readonly string[] =>
    replacedWords(script).map(({ before, text, after }) => `${before}«${text}»${after}`)
  assert.equal(words('s/\\${PORT}/80/;s/{{ name }}/x/'), ['«${PORT}»', '«{{ name }}»'])
  assert.equal(words('s/listen PORT;/listen $P;/'), ['listen «PORT»;'])
  assert.equal(words('s/listen 80;/listen \uE000;/'), ['listen «80»;'])
  assert.equal(words('/__EXTRA__/r /tmp/extra'), ['«__EXTRA__»'])
  assert.equal(words('s/listen 80;/listen 8080;/'), [])
  assert.equal(words('s/bodylimit/10m/;s|wait|"30s"|;s/listen the_port/listen 8080/'), [
    '«bodylimit»',
    '«wait»',
    'listen «the_port»',
  ])
  assert.equal(replacedWords('s/bodylimit/10m/')[0]?.isNumber, true)
  assert.equal(
    replacedWords('s/bodylimit/$B/;s/LIMIT/10m/').map(({ isNumber }) => isNumber),
    [false, false],
  )
  assert.equal(words('s/auto/4/;s/off/on/;s/thehost/10.0.0.1/;s/10m/20m/;s/www/4x/'), [])
  assert.equal(words('s/localhost/db/'), [])
  assert.equal(words('s/^#//;s/root .*;/root \uE000;/;/pattern/d'), [])
  for (const script of ['s', 's/', 's/a', 's/a/b', '/', '\\', 's\\a', '/a/s/', '{', 'y/a/b/'])
    assert.equal(words(script), [])
})

test.run()
