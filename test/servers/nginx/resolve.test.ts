import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { evaluateNginx } from '../../../src/servers/nginx/evaluate.ts'
import { resolveNginx } from '../../../src/servers/nginx/resolve.ts'

const version = { value: '1.22.1', from: 'option', at: null } as const

function resolve(contents: Readonly<Record<string, string>>): string {
  const files = memoryFileSystem(contents)
  const main = files.read('/n/nginx.conf')
  if (main.kind !== 'source') throw new Error(main.reason)
  return resolveNginx(evaluateNginx({ files, main: main.source, fragments: [], version }))
}

test('includes stand in their place, every line with its file and line', () => {
  const text = resolve({
    '/n/nginx.conf': 'events { }\nhttp { # comment\n  include a; include none/*;\n  gzip\n   on;\n}\n',
    '/n/a': '\nserver { return 200 "a;\nb"; }\n',
  })
  assert.is(
    text,
    `# configuration file /n/nginx.conf:
events { # /n/nginx.conf:1
} # /n/nginx.conf:1
http { # /n/nginx.conf:2
    # include a; # /n/nginx.conf:3
# configuration file /n/a:
    server { # /n/a:2
        return 200 "a;
b"; # /n/a:2
    } # /n/a:3
# configuration file /n/nginx.conf:
    include none/*; # /n/nginx.conf:3
    gzip on; # /n/nginx.conf:4
} # /n/nginx.conf:6
`,
  )
})

test('Lua code stays as it was written', () => {
  const lua = 'content_by_lua_block {\n  ngx.say("}")\n}'
  assert.ok(resolve({ '/n/nginx.conf': `location / { ${lua} }` }).includes(`${lua} # /n/nginx.conf:1\n`))
})

test.run()
