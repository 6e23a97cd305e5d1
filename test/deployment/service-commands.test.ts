import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serviceCommands } from '../../src/deployment/service-commands.ts'

const read = (command: string) =>
  serviceCommands(command)?.map(({ action, service }) => `${action} ${service}`) ?? null

test('what controls services', () => {
  assert.equal(read('systemctl reload nginx'), ['reload nginx'])
  assert.equal(read('/bin/systemctl --quiet restart nginx.service apache2'), [
    'restart nginx',
    'restart apache2',
  ])
  assert.equal(read('sudo service apache2 stop; /etc/init.d/nginx start'), ['stop apache2', 'start nginx'])
  assert.equal(read('nginx -s reload || true'), ['reload nginx'])
  assert.equal(read('/usr/sbin/apache2ctl -k graceful && apachectl restart'), [
    'graceful apache2',
    'restart apache2',
  ])
})

test('anything else is not known', () => {
  assert.is(read('/usr/local/bin/after-renewal'), null)
  assert.is(read('systemctl reload apache2 && /root/deploy.sh'), null)
  assert.is(read('docker exec web nginx -s reload'), null)
  assert.is(read('cat a b > c'), null)
})

test.run()
