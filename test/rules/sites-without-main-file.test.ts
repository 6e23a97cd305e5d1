import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'

/** What is said of a placed tree that has sites, and no `nginx.conf`. */
async function found(site: string): Promise<readonly string[]> {
  const directory = scratchTree({ 'etc/nginx/sites-available/shop': site })
  const { out } = await runIn(directory, ['--only', 'nginx/defined-nowhere', '-f', 'json', '.'])
  const { findings } = JSON.parse(out)
  return findings.map(({ file, line }: { file: string; line: number }) => `${file}:${line}`)
}

test('no main file brings a certificate', async () => {
  assert.equal(
    await found('server {\n    listen 443 ssl;\n    server_name example.org;\n    root /srv/www;\n}\n'),
    ['etc/nginx/sites-available/shop:1'],
  )
})

test('that of the machine may define a map and a zone', async () => {
  assert.equal(
    await found(`server {
    listen 80;
    limit_req zone=login burst=5;
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Connection $connection_upgrade;
    }
}
`),
    [],
  )
})

test.run()
