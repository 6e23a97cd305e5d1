import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

const nginx = (root: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root ${root};
      location / {
          try_files $uri /index.php$is_args$args;
      }
  }
`
const PROJECT = { 'composer.json': '{}\n', artisan: '<?php\n', 'public/index.php': '<?php\n' }
const below = (directory: string): Record<string, string> =>
  Object.fromEntries(Object.entries(PROJECT).map(([path, text]) => [`${directory}/${path}`, text]))

/** True where a machine has the file. */
function has(path: string, texts: Readonly<Record<string, string>>): boolean {
  return deploymentOf(texts).machines.some(({ files }) => files.kind(path) === 'file')
}

test('a project of a repository stands where nginx looks for its public directory', () => {
  assert.ok(has('/srv/shop/public/index.php', { 'deploy/site.conf': nginx('/srv/shop/public'), ...PROJECT }))
  assert.ok(has('/srv/shop/artisan', { 'deploy/site.conf': nginx('/srv/shop/public/'), ...PROJECT }))
  assert.ok(has('/srv/shop/artisan', { 'site.conf': nginx('/srv/shop/public'), ...below('backend') }))
})

test('and where Apache does', () => {
  const host = conf`
    <VirtualHost *:80>
        ServerName example.org
        DocumentRoot /srv/shop/public
    </VirtualHost>
  `
  assert.ok(has('/srv/shop/public/index.php', { 'deploy/apache.conf': host, ...PROJECT }))
})

test('of several projects, of another directory, and of one of the system nobody knows', () => {
  const site = nginx('/srv/shop/public')
  assert.not(has('/srv/shop/artisan', { 'site.conf': site, ...below('one'), ...below('two') }))
  assert.not(has('/srv/shop/artisan', { 'site.conf': nginx('/srv/shop/web'), ...PROJECT }))
  assert.not(has('/srv/artisan', { 'site.conf': nginx('/srv/public'), ...PROJECT }))
  assert.not(has('/srv/shop/public/index.php', { 'site.conf': site, 'public/index.php': '<?php\n' }))
})

test.run()
