import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'

/** The sites of nginx and Apache, and the ports of Apache, as somebody copies them from one machine. */
const copied = (lines: string, name = 'example.org'): Readonly<Record<string, string>> => ({
  'etc/nginx/sites-enabled/shop': `server {
    listen 80;
    server_name example.org;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
    }
}
`,
  'etc/apache2/ports.conf': 'Listen 80\n',
  'etc/apache2/sites-enabled/shop.conf': `<VirtualHost *:80>
    ServerName ${name}
    ${lines}
</VirtualHost>
`,
})

async function found(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { out } = await runIn(scratchTree(files), [
    '--only',
    'loopback/default-listen-left',
    '-f',
    'json',
    '.',
  ])
  const { findings } = JSON.parse(out)
  return findings.map(({ file, line }: { file: string; line: number }) => `${file}:${line}`)
}

const MAINS = {
  'etc/nginx/nginx.conf': 'events {\n}\nhttp {\n    include /etc/nginx/sites-enabled/*;\n}\n',
  'etc/apache2/apache2.conf': 'Include ports.conf\nIncludeOptional sites-enabled/*.conf\n',
}

test('nginx stands before the site of Apache, which still opens its port', async () => {
  const files = copied('DocumentRoot /srv/shop')
  assert.equal(await found(files), ['etc/apache2/ports.conf:1'])
  assert.equal(await found({ ...files, ...MAINS }), ['etc/apache2/ports.conf:1'])
})

test('two ways to one application, of which somebody chooses one', async () => {
  const files = copied('ProxyPass / http://127.0.0.1:8080/')
  assert.equal(await found(files), [])
  assert.equal(await found({ ...files, ...MAINS }), [])
})

test('another site for each', async () => {
  assert.equal(await found(copied('DocumentRoot /srv/shop', 'www.example.net')), [])
})

test.run()
