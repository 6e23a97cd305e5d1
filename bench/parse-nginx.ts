/**
 * Measures reading nginx's files alone: scanning and parsing N site files of 40 lines (default 10,000,
 * about 11 MB), and evaluating them as one configuration.
 *
 *   node --import tsx bench/parse-nginx.ts [SITES]
 */
import { parseNginx } from '../parsers/nginx/parse.ts'
import { textSource } from '../parsers/text/source.ts'
import { memoryFileSystem } from '../src/files/memory-file-system.ts'
import { evaluateNginx } from '../src/servers/nginx/evaluate.ts'

const RUNS = 5
const sites = Number(process.argv[2] ?? 10_000)
if (!Number.isInteger(sites) || sites < 1) {
  console.error('parse-nginx: the number of sites is a positive integer')
  process.exit(2)
}

function site(index: number): string {
  const name = `site${index}.example.org`
  return `# ${name}
upstream django_${index} {
    server 127.0.0.1:${10_000 + index};
    keepalive 8;
}

server {
    listen 80;
    listen [::]:80;
    server_name www.${name};
    return 301 https://${name}$request_uri;
}

server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name ${name};
    ssl_certificate /etc/letsencrypt/live/${name}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/${name}/privkey.pem;
    root /srv/${name}/public;
    access_log /var/log/nginx/${name}.access.log combined;
    error_log /var/log/nginx/${name}.error.log warn;
    client_max_body_size 20m;
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;

    location /static/ {
        alias /srv/${name}/static/;
        expires 30d;
    }

    location / {
        try_files $uri @django;
    }

    location @django {
        include snippets/proxy.conf;
        proxy_pass http://django_${index};
    }
}
`
}

const texts = Array.from({ length: sites }, (_, index) => site(index))
const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)

function time(run: () => void): number {
  const times: number[] = []
  for (let round = 0; round < RUNS; round++) {
    const start = performance.now()
    run()
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[RUNS >> 1] ?? 0
}

const parsing = time(() => {
  for (const [index, text] of texts.entries()) parseNginx(textSource(`/etc/nginx/${index}`, text))
})
const megabytes = bytes / 1_000_000
console.log(`${sites} files, ${megabytes.toFixed(1)} MB`)
console.log(`parse     ${parsing.toFixed(0)} ms  ${(megabytes / (parsing / 1000)).toFixed(0)} MB/s`)

const contents: Record<string, string> = {
  '/etc/nginx/nginx.conf': 'events { }\nhttp { include sites-enabled/*; }\n',
  '/etc/nginx/snippets/proxy.conf':
    'proxy_set_header Host $host;\nproxy_set_header X-Real-IP $remote_addr;\n',
}
for (const [index, text] of texts.entries()) contents[`/etc/nginx/sites-enabled/${index}`] = text
const version = { value: '1.22.1', from: 'option', at: null } as const
const evaluating = time(() => {
  const files = memoryFileSystem(contents)
  const main = files.read('/etc/nginx/nginx.conf')
  if (main.kind === 'source') evaluateNginx({ files, main: main.source, fragments: [], version })
})
console.log(`evaluate  ${evaluating.toFixed(0)} ms  parsing and what nginx would refuse included`)
