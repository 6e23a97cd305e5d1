import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const main = (lines: string): string => `events {\n}\nhttp {\n  server {\n${lines}\n  }\n}\n`

/** Two servers whose main files stand at one path, each in its container. */
const tree = (port: number): Record<string, string> => ({
  'compose.yaml': `services:
  edge:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./edge/nginx.conf:/etc/nginx/nginx.conf"]
  inner:
    image: nginx:1.27
    volumes: ["./inner/nginx.conf:/etc/nginx/nginx.conf"]
`,
  'edge/nginx.conf': main(
    `    listen 80;\n    server_name example.org;\n    location / {\n      proxy_pass http://inner:${port};\n    }`,
  ),
  'inner/nginx.conf': main('    listen 8080;\n    location / {\n      return 204;\n    }'),
})

test('a request goes on in the container that the first one connects to', async () => {
  const { out } = await runIn(scratchTree(tree(8080)), ['trace', 'http://example.org/', '.'])
  assert.match(out, /`proxy_pass` to inner:8080 +edge\/nginx\.conf:8\n/)
  assert.match(out, /`return 204` +inner\/nginx\.conf:7\n/)
  assert.is(out.match(/^GET /gm)?.length, 1)
})

test('a finding names each file by its own path, and is said once', async () => {
  const directory = scratchTree(tree(80))
  const { out } = await runIn(directory, ['--only', 'containers/port-not-opened', '-f', 'json', '.'])
  const { findings } = JSON.parse(out)
  assert.is(findings.length, 1)
  assert.is(`${findings[0].file}:${findings[0].line}`, 'edge/nginx.conf:8')
  assert.equal(
    findings[0].related.map(({ file, line }: { file: string; line: number }) => `${file}:${line}`),
    ['inner/nginx.conf:5'],
  )
})

test('the map draws the containers once', async () => {
  const { out } = await runIn(scratchTree(tree(8080)), ['map', '.'])
  assert.is(out.match(/^Listeners$/gm)?.length, 1)
  assert.match(out, /inner:8080, where nginx listens +inner\/nginx\.conf:5\n/)
})

test.run()
