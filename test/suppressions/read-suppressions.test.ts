import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { type CommentLanguage, readSuppressions } from '../../src/suppressions/read-suppressions.ts'

/** What each name accepts: its range as text, null for the file, and the reason. */
function read(text: string, language: CommentLanguage) {
  return readSuppressions(textSource('/x', text), language).map(({ name, at, reason, range }) => {
    assert.ok(name === '' || text.slice(at.start, at.end) === name)
    return [name, range === null ? null : text.slice(range.start, range.end).trim(), reason]
  })
}

/** The text without what has to go where a name is taken out. */
function without(text: string, language: CommentLanguage, name: string): string {
  const found = readSuppressions(textSource('/x', text), language).find(each => each.name === name)
  if (found === undefined) throw new Error(name)
  return text.slice(0, found.removal.start) + text.slice(found.removal.end)
}

test('nginx: the next directive, of a block its head; its own line behind code; the file', () => {
  const text = conf`
    # deploy-audit-ignore-file nginx -- all of it is generated
    server {
        # deploy-audit-ignore tls/weak-protocol -- old terminals
        # another comment

        ssl_protocols TLSv1
                      TLSv1.2;
        # deploy-audit-ignore static-files/alias-traversal, tls -- one -- and two
        location /a {
            alias /b/;   # deploy-audit-ignore a/b -- own line
        }
        # deploy-audit-ignore c/d -- nothing follows
    }
  `
  assert.equal(read(text, 'nginx'), [
    ['nginx', null, 'all of it is generated'],
    ['tls/weak-protocol', 'ssl_protocols TLSv1\n                  TLSv1.2;', 'old terminals'],
    ['static-files/alias-traversal', 'location /a {', 'one -- and two'],
    ['tls', 'location /a {', 'one -- and two'],
    ['a/b', 'alias /b/;', 'own line'],
    ['c/d', '', 'nothing follows'],
  ])
})

test('what is no suppression: other words, quoted text, values', () => {
  assert.equal(
    read('# deploy-audit-ignored a/b -- x\nadd_header X "# deploy-audit-ignore a/b -- x";\n', 'nginx'),
    [],
  )
  assert.equal(read('# see deploy-audit-ignore\nlisten 80;\n', 'nginx'), [])
  assert.equal(read('SetEnv X "# deploy-audit-ignore a/b -- x"\n', 'apache'), [])
  assert.equal(read('Environment=X=1 # deploy-audit-ignore a/b -- x\n', 'unit'), [])
})

test('a comment without a name or a reason', () => {
  assert.equal(read('# deploy-audit-ignore\nlisten 80;\n', 'nginx'), [['', 'listen 80;', null]])
  assert.equal(read('# deploy-audit-ignore -- why\nlisten 80;\n', 'nginx'), [['', 'listen 80;', 'why']])
  for (const comment of [
    '# deploy-audit-ignore a/b',
    '# deploy-audit-ignore a/b --',
    '# deploy-audit-ignore a/b --  ',
  ])
    assert.equal(read(`${comment}\nlisten 80;\n`, 'nginx'), [['a/b', 'listen 80;', null]], comment)
})

test('Apache: the next line, with its continuations; sections by their opener', () => {
  const text =
    '# deploy-audit-ignore a/b -- x\nSSLProtocol all \\\n  -SSLv3\n#deploy-audit-ignore c/d -- y\n<Directory /srv>\n</Directory>\n'
  assert.equal(read(text, 'apache'), [
    ['a/b', 'SSLProtocol all \\\n  -SSLv3', 'x'],
    ['c/d', '<Directory /srv>', 'y'],
  ])
})

test('Python: the next statement over its brackets; YAML: the next entry; units: the next line with its continuations', () => {
  assert.equal(
    read(
      "# deploy-audit-ignore a/b -- x\nHOSTS = [\n    '*',  # )\n]\nX = 1  # deploy-audit-ignore c/d -- y\n",
      'python',
    ),
    [
      ['a/b', "HOSTS = [\n    '*',  # )\n]", 'x'],
      ['c/d', 'X = 1', 'y'],
    ],
  )
  assert.equal(
    read(
      'web:\n  # deploy-audit-ignore a/b -- x\n  ports:\n  - "80:80"\n  - "81:81"\n  image: y # deploy-audit-ignore c/d -- z\n',
      'yaml',
    ),
    [
      ['a/b', 'ports:\n  - "80:80"\n  - "81:81"', 'x'],
      ['c/d', 'image: y', 'z'],
    ],
  )
  assert.equal(
    read(
      '[Service]\n; deploy-audit-ignore a/b -- x\nExecStart=/usr/bin/gunicorn \\\n  --bind 0.0.0.0:80\nUser=x\n',
      'unit',
    ),
    [['a/b', 'ExecStart=/usr/bin/gunicorn \\\n  --bind 0.0.0.0:80', 'x']],
  )
  assert.equal(read('# deploy-audit-ignore a/b -- x\r\n\r\nexport A=1\r\n', 'shell'), [
    ['a/b', 'export A=1', 'x'],
  ])
})

test('a name is taken out with its comma, the only one with its comment and its line', () => {
  const several = '# deploy-audit-ignore a/b, c/d, e/f -- x\nlisten 80;\n'
  assert.is(without(several, 'nginx', 'a/b'), '# deploy-audit-ignore c/d, e/f -- x\nlisten 80;\n')
  assert.is(without(several, 'nginx', 'c/d'), '# deploy-audit-ignore a/b, e/f -- x\nlisten 80;\n')
  assert.is(without(several, 'nginx', 'e/f'), '# deploy-audit-ignore a/b, c/d -- x\nlisten 80;\n')
  assert.is(without('  # deploy-audit-ignore a/b -- x\n  listen 80;\n', 'nginx', 'a/b'), '  listen 80;\n')
  assert.is(without('listen 80;  # deploy-audit-ignore a/b -- x\nx;\n', 'nginx', 'a/b'), 'listen 80;\nx;\n')
})

test('any text is read, however it is cut', () => {
  const text = 'server { # deploy-audit-ignore-file a/b,c/d -- x\n "\n# deploy-audit-ignore , -- \n a { } }'
  for (const language of ['nginx', 'apache', 'python', 'yaml', 'unit', 'shell', 'plain'] as const)
    for (let end = 0; end <= text.length; end++)
      for (const { at, removal } of readSuppressions(textSource('/x', text.slice(0, end)), language))
        assert.ok(at.start <= at.end && at.end <= end && removal.start <= at.start && removal.end >= at.end)
})

test.run()
