import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import type { PhpFpmProgram } from '../../../src/deployment/model.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

const NGINX = conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/shop/public;
      location ~ \.php$ {
          fastcgi_pass unix:/run/php/shop.sock;
      }
  }
`
const POOL = conf`
  [shop]
  user = shop
  listen = /run/php/shop.sock
  pm = ondemand
  pm.max_children = 5
`

/** What is seen of PHP-FPM: where each pool is written, with a star where all that listens is known. */
function pools(texts: Readonly<Record<string, string>>): readonly string[] {
  const { machines } = deploymentOf({ 'deploy/nginx.conf': NGINX, 'public/index.php': '<?php\n', ...texts })
  return machines
    .flatMap(({ programs }) => programs)
    .filter((program): program is PhpFpmProgram => program.kind === 'php-fpm')
    .map(({ at, listensKnown }) => `${at.source.path}${listensKnown ? ' *' : ''}`)
}

test('a pool beside a site is there where its socket is of no other', () => {
  assert.equal(pools({ 'deploy/pool.conf': POOL }), ['/deploy/pool.conf'])
  assert.equal(pools({ 'deploy/pool.conf': POOL, 'dev/pool.conf': POOL }), [])
  assert.equal(pools({ 'roles/php/templates/pool.j2': POOL }), ['/roles/php/templates/pool.j2'])
})

test('a pool that a playbook fills in stands where FPM reads it', () => {
  const task = (dest: string, src = 'shop.j2'): string => conf`
    - name: Pool
      ansible.builtin.template:
        src: ${src}
        dest: ${dest}
  `
  const role = { 'roles/php/templates/shop.j2': POOL }
  const at = ['/roles/php/templates/shop.j2 *']
  assert.equal(pools({ ...role, 'roles/php/tasks/main.yml': task('/etc/php/8.2/fpm/pool.d/shop.conf') }), at)
  assert.equal(pools({ ...role, 'roles/php/tasks/main.yml': task('/etc/php-fpm.d/', 'shop.j2') }), [])
  assert.equal(
    pools({ ...role, 'roles/php/tasks/main.yml': task('/etc/php-fpm.d/shop.conf', '{{ it }}') }),
    [],
  )
})

test('so does one that a script copies, or writes', () => {
  const at = '/etc/php/8.2/fpm/pool.d/shop.conf'
  const copied = (line: string): readonly string[] =>
    pools({ 'conf/shop.fpm': POOL, 'setup.sh': `${line}\n` })
  assert.equal(copied(`install -m 644 conf/shop.fpm ${at}`), ['/conf/shop.fpm *'])
  assert.equal(copied(`sudo cp "$DIR/conf/shop.fpm" ${at}`), ['/conf/shop.fpm *'])
  assert.equal(copied(`cp conf/other.fpm ${at}`), [])
  assert.equal(copied(`cp conf/shop.fpm "$TARGET/shop.conf"`), [])
  const written = `cat > ${at} <<'EOF'\n${POOL}EOF\n`
  assert.is(pools({ 'setup.sh': written }).length, 1)
})

test.run()
