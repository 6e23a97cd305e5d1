import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AppCommand, AppServer } from '../../../parsers/app-server/app-server.ts'
import { readAppServer } from '../../../parsers/app-server/read-app-server.ts'
import { loadPythonParser } from '../../../parsers/python/load-python-parser.ts'
import { known } from '../../../parsers/text/fact.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { writtenAt } from '../../../parsers/text/written-text.ts'
import { conf } from '../../../src/engine/conf.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'

const { runtime, python: grammar } = grammarFiles()
const python = await loadPythonParser({ runtime, grammar })

function read(script: string, variables: Readonly<Record<string, string>> = {}): AppServer | null {
  const source = textSource('/etc/app.service', 'python app.py')
  const command: AppCommand = {
    words: [writtenAt(source, 0, 6), writtenAt(source, 7, 13)],
    directory: known('/srv'),
    environment: name => (Object.hasOwn(variables, name) ? known(variables[name]!) : null),
  }
  const file = textSource('/srv/app.py', script)
  return readAppServer(command, { read: path => (path === '/srv/app.py' ? file : null), python })
}

/** Program, host and port; null where no server is started. */
function listens(script: string, variables: Readonly<Record<string, string>> = {}): string | null {
  const server = read(script, variables)
  const address = server?.binds[0]?.address
  if (server === null) return null
  if (address?.known !== true) return `${server.program} ?`
  const { value } = address
  return `${server.program} ${value.kind === 'ip' ? `${value.host}:${value.port}` : value.kind === 'unix' ? value.path : value.kind}`
}

const MAIN = 'if __name__ == "__main__":\n    '

test('Flask’s own server, on loopback unless it is told otherwise', () => {
  const flask = 'from flask import Flask\napp = Flask(__name__)\n'
  assert.is(listens(`${flask}${MAIN}app.run()\n`), 'flask 127.0.0.1:5000')
  assert.is(listens(`${flask}app.run(host="0.0.0.0", port=8080, debug=True)\n`), 'flask 0.0.0.0:8080')
  assert.is(listens(`${flask}app.run("0.0.0.0", 81)\n`), 'flask 0.0.0.0:81')
})

test('uvicorn and waitress', () => {
  assert.is(
    listens(`import uvicorn\n${MAIN}uvicorn.run("main:app", host="0.0.0.0", port=80)\n`),
    'uvicorn 0.0.0.0:80',
  )
  assert.is(listens(`import uvicorn\nuvicorn.run(app, uds="/run/app.sock")\n`), 'uvicorn /run/app.sock')
  assert.is(listens(`from waitress import serve\nserve(app, port=8081)\n`), 'waitress 0.0.0.0:8081')
})

test('values of the environment and of the module', () => {
  const script = conf`
    import os
    import uvicorn
    PORT = int(os.environ.get("PORT", 9000))
    uvicorn.run("main:app", host=os.environ["HOST"], port=PORT)
  `
  assert.is(listens(script, { HOST: '0.0.0.0' }), 'uvicorn 0.0.0.0:9000')
  assert.is(listens(script, { HOST: '::1', PORT: '9001' }), 'uvicorn ::1:9001')
  assert.is(listens(script), 'uvicorn ?')
})

test('other scripts start none', () => {
  assert.is(listens('import worker\nworker.run()\n'), null)
  assert.is(listens('app = make()\napp.run()\n'), null)
  assert.is(listens('import uvicorn\nif a:\n    uvicorn.run(x)\nelse:\n    uvicorn.run(y)\n'), null)
})

test.run()
