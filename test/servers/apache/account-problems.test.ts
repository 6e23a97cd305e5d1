import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { evaluateApache } from '../../../src/servers/apache/evaluate.ts'

const MAIN = `LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule wsgi_module modules/mod_wsgi.so
ErrorLog /dev/null
User www-data
Group gone
User #1000
WSGIDaemonProcess a user=gone group=www-data
WSGIDaemonProcess b user=\${WHO}
`
const ACCOUNTS = { '/etc/passwd': 'www-data:x:33:33::/:\n', '/etc/group': 'www-data:x:33:\n' }

function blamed(files: Readonly<Record<string, string>>): readonly string[] {
  const { problems } = evaluateApache({
    files: memoryFileSystem(files, { covers: ['/etc'] }),
    main: textSource('/etc/apache2/apache2.conf', MAIN),
    fragments: [],
    environment: { variables: new Map(), complete: false, defines: new Map() },
    version: { value: '2.4.71', from: 'option', at: null },
  })
  return problems.filter(({ code }) => code === 'undefined-name').map(({ at }) => placeText(at))
}

test('accounts that the files of the machine do not have', () => {
  const files = { ...ACCOUNTS, '/etc/nsswitch.conf': 'passwd: files systemd\ngroup:\tfiles # local\n' }
  assert.equal(blamed(files), ['gone', 'user=gone'])
})

test('silence where accounts may come from elsewhere, or nobody says', () => {
  assert.equal(blamed({ ...ACCOUNTS, '/etc/nsswitch.conf': 'passwd: files sss\ngroup: files ldap\n' }), [])
  assert.equal(blamed(ACCOUNTS), [])
  assert.equal(blamed({ '/etc/nsswitch.conf': 'passwd: files\ngroup: files\n' }), [])
})

test.run()
