import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFilesOf } from '../../../parsers/javascript/read-files.ts'
import { textSource } from '../../../parsers/text/source.ts'

const paths = (text: string): readonly string[] =>
  readFilesOf(textSource('/srv/app/server.js', text)).map(({ path }) => path)

test('texts, constants and both in one', () => {
  assert.equal(paths("fs.readFileSync('/etc/tls/key.pem')"), ['/etc/tls/key.pem'])
  assert.equal(paths("const live = '/etc/tls'\nfs.readFileSync(live + '/key.pem', 'utf8')"), [
    '/etc/tls/key.pem',
  ])
  assert.equal(paths("const live = '/etc/tls'\nawait readFile(`${live}/key.pem`)"), ['/etc/tls/key.pem'])
})

test('what is not written out', () => {
  assert.equal(paths('fs.readFileSync(process.env.TLS_KEY)'), [])
  assert.equal(paths('fs.readFileSync(directory + "/key.pem")'), [])
  assert.equal(paths("let live = '/a'\nlive = '/b'\nfs.readFileSync(live + '/key.pem')"), [])
  assert.equal(paths('// readFileSync("/etc/tls/key.pem")'), [])
})

test.run()
