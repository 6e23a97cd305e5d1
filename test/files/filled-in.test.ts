import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { filledInFiles } from '../../src/files/filled-in.ts'

/** What is filled in, in a file of a repository: `$NAME`, then words. */
function filled(files: Readonly<Record<string, string>>, path: string): string | null {
  const found = filledInFiles(Object.keys(files), name => files[name] ?? null).wordsIn(path)
  if (found === null) return null
  const names = found.variables === 'all' ? ['all'] : [...found.variables].map(name => `$${name}`)
  return [...names, ...found.words.map(({ text }) => text)].join(' ')
}

const COPIED = 'FROM nginx:1.27\nCOPY nginx/site.conf /etc/nginx/conf.d/default.conf\n'

test('a file is followed from its place in the container', () => {
  const entry = "#!/bin/sh\nenvsubst '$PORT' < /etc/nginx/conf.d/default.conf > /tmp/a\n"
  const repository = { '/r/Dockerfile': COPIED, '/r/entrypoint': entry }
  assert.is(filled(repository, '/r/nginx/site.conf'), '$PORT')
  assert.is(filled(repository, '/r/nginx/other.conf'), null)
  assert.is(
    filled(
      { '/r/Dockerfile': `${COPIED}RUN sed -i "s/app_port/$P/" /etc/nginx/conf.d/*.conf\n` },
      '/r/nginx/site.conf',
    ),
    'app_port',
  )
  assert.is(
    filled(
      { '/r/Dockerfile': `${COPIED}CMD ["sed", "-i", "s/__X__/1/", "/etc/nginx/conf.d/default.conf"]\n` },
      '/r/nginx/site.conf',
    ),
    '__X__',
  )
})

test('the lines around a section of Apache are no placeholders', () => {
  const run = (script: string): Record<string, string> => ({
    '/r/Dockerfile': `FROM debian:12\nRUN sed -i -e '${script}' $MAIN\n`,
  })
  for (const script of [
    '\\#<Directory />#,\\#</Directory>#d',
    '/<\\/Directory>/d',
    '/<IfModule mod_ssl.c>/d',
    '/<RequireAll>/d',
  ])
    assert.is(filled(run(script), '/r/site.conf'), null, script)
  assert.is(filled(run('s/<domain>/example.org/'), '/r/site.conf'), '<domain>')
})

test('a word that is written out as a number is filled in where the file is sure to be meant', () => {
  const run = 'RUN sed -i "s/bodylimit/10m/" /etc/nginx/conf.d/default.conf\n'
  assert.is(filled({ '/r/Dockerfile': COPIED + run }, '/r/nginx/site.conf'), 'bodylimit')
  assert.is(filled({ '/r/Dockerfile': COPIED + run }, '/r/nginx/other.conf'), null)
  assert.is(filled({ '/r/run.sh': 'sed -i "s/bodylimit/10m/" "$1"\n' }, '/r/site.conf'), null)
})

test('two dollars of Compose are one, whose names a list holds', () => {
  const compose = (command: string): Readonly<Record<string, string>> => ({
    '/r/compose.yml': `services:\n  web:\n    image: nginx\n    volumes: ["./a.conf:/t/a.conf"]\n    command: ${command}\n`,
  })
  const command = "envsubst '$$http_port $${site}' < /t/a.conf > /etc/nginx/conf.d/a.conf"
  assert.is(filled(compose(`sh -c "${command}"`), '/r/a.conf'), '$http_port $site')
  assert.is(filled(compose(`["/bin/sh", "-c", "${command}"]`), '/r/a.conf'), '$http_port $site')
  assert.is(filled(compose('sh -c "envsubst < $$FILE"'), '/r/a.conf'), null)
})

test('a compose file mounts a file and fills it in', () => {
  const compose = (volume: string): Readonly<Record<string, string>> => ({
    '/r/compose.yml': `services:\n  web:\n    image: nginx\n    volumes:\n${volume}    command: sh -c "envsubst < /tmp/site.conf > /etc/nginx/conf.d/a.conf"\n`,
  })
  assert.is(filled(compose('      - ./conf/a.conf:/tmp/site.conf:ro\n'), '/r/conf/a.conf'), 'all')
  assert.is(
    filled(
      compose('      - type: bind\n        source: ./conf/a.conf\n        target: /tmp/site.conf\n'),
      '/r/conf/a.conf',
    ),
    'all',
  )
  assert.is(filled(compose(''), '/r/conf/a.conf'), null)
  assert.is(filled(compose(''), '/r/conf/site.conf'), 'all')
})

test('scripts and make name files beside them', () => {
  assert.is(
    filled({ '/r/deploy.sh': 'sed "s/keep_secs/$T/" conf/a.conf > /etc/nginx/a.conf\n' }, '/r/conf/a.conf'),
    'keep_secs',
  )
  assert.is(
    filled({ '/r/deploy.sh': 'sed -i "s/keep_secs/$T/" "$DIR/conf/a.conf"\n' }, '/r/conf/a.conf'),
    'keep_secs',
  )
  assert.is(
    filled({ '/r/Makefile': "install:\n\tsed 's/@@p/$(P)/' conf/a.conf > /etc/a.conf\n" }, '/r/conf/a.conf'),
    '@@p',
  )
})

test('the scripts of a package need no first line', () => {
  const install = 'path=$2\nsed -i "s@PATHTOCHANGE@$path@g" ../conf/nginx.conf\n'
  assert.is(filled({ '/r/scripts/install': install }, '/r/conf/nginx.conf'), 'PATHTOCHANGE')
  assert.is(filled({ '/r/docs/install': install }, '/r/conf/nginx.conf'), null)
})

test('of a file that nobody names only what nobody could mean is filled in', () => {
  const script = { '/r/run.sh': 'sed "s/__P__/$P/; s/8080/$P/" "$1" > /etc/nginx/a.conf\n' }
  assert.is(filled(script, '/r/conf/a.conf'), '__P__')
  assert.is(filled(script, '/elsewhere/a.conf'), null)
  assert.is(filled({ '/r/run.sh': 'envsubst < "$1"\n' }, '/r/a.conf'), null)
})

test('other files, and texts that fill in nothing, are left alone', () => {
  assert.is(filled({ '/r/run.sh': 'sed -i "s/__P__/$P/" compose.yml php.ini\n' }, '/r/compose.yml'), null)
  assert.is(filled({ '/r/run.sh': 'sed -i "s/__P__/$P/" /etc/php/php.ini\n' }, '/r/site.conf'), null)
  assert.is(filled({ '/r/run.sh': '# envsubst < site.conf\necho sed\n' }, '/r/site.conf'), null)
  assert.is(
    filled({ '/r/broken.yml': 'a: [\nsed: {', '/r/Dockerfile': 'FROM\nRUN sed' }, '/r/site.conf'),
    null,
  )
})

test('Terraform fills in what it reads as a template', () => {
  const main = (text: string): Readonly<Record<string, string>> => ({ '/r/main.tf': text })
  const data = 'data "template_file" "a" {\n  template = file("${path.module}/nginx.conf")\n}\n'
  assert.is(filled(main(data), '/r/nginx.conf'), 'all')
  assert.is(filled(main(data), '/r/other.conf'), null)
  assert.is(filled(main('template = "${file("conf/nginx.conf")}"\n'), '/r/conf/nginx.conf'), 'all')
  assert.is(filled(main('x = templatefile("../conf/site.conf", {\n})\n'), '/conf/site.conf'), 'all')
  assert.is(filled(main('x = templatefile(\n  "${path.root}/a.conf", {})\n'), '/r/a.conf'), 'all')
  assert.is(filled(main('content = file("nginx.conf")\ntemplate = "a"\n'), '/r/nginx.conf'), null)
})

test('what commands add to a file, or put together with others, ends what it leaves open', () => {
  const isContinued = (script: string, path = '/r/files/shop.conf'): boolean =>
    filledInFiles(['/r/run.sh', path], name => (name === '/r/run.sh' ? script : '')).isContinued(path)
  const open = 'location / {\n  root ${HOME};\n}\n'
  assert.ok(isContinued(`"$CAT" <<- EOF >> "$ENABLED"/shop.conf\n${open}}\nEOF\n`))
  assert.ok(isContinued('echo "}" >> /etc/nginx/sites-enabled/shop.conf\n'))
  assert.ok(isContinued('cat end.txt >> /etc/nginx/conf.d/shop.conf\n'))
  assert.ok(isContinued('echo "</VirtualHost>" | sudo tee -a /etc/httpd/conf.d/shop.conf\n'))
  assert.ok(isContinued('cat files/shop.conf files/end.conf > /etc/nginx/nginx.conf\n'))
  assert.ok(isContinued('cat files/head.inc files/end.inc > /etc/nginx/nginx.conf\n', '/r/files/head.inc'))
  assert.not(isContinued(`cat <<EOF >> /etc/nginx/conf.d/shop.conf\n${open}EOF\n`))
  assert.not(isContinued('echo "daemon off;" >> /etc/nginx/shop.conf\n'))
  assert.not(isContinued('cat files/shop.conf > /etc/nginx/nginx.conf\necho "}" >> /etc/nginx/nginx.conf\n'))
  assert.not(isContinued('echo "}" > /etc/nginx/shop.conf\n'))
})

test.run()
