import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { auditFiles } from './audit-files.ts'

const site =
  'user nginx;\nevents {\n}\nhttp {\n  server {\n    listen 80;\n    root /srv/www;\n    location ~ \\.php$ {\n      fastcgi_pass unix:/run/php.sock;\n      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n    }\n  }\n}\n'
const pool =
  '[www]\nuser = nobody\nlisten = /run/php.sock\nlisten.owner = nobody\nlisten.group = www-data\nlisten.mode = 0660\npm = static\npm.max_children = 5\n'

test('the nginx of Alpine is in the group www-data, that of other systems is not', () => {
  const found = (path: string) =>
    auditFiles({ 'etc/nginx/nginx.conf': site, [path]: pool }, rules).findings.map(({ rule }) => rule)
  assert.ok(!found('etc/php83/php-fpm.d/www.conf').includes('php/socket-permissions'))
  assert.ok(found('etc/php/8.2/fpm/pool.d/www.conf').includes('php/socket-permissions'))
})

test.run()
