import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import { imageContainer } from '../../../src/deployment/containers/images-alone.ts'
import { joinedByImage } from '../../../src/deployment/containers/servers-of-image.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'

const DOCKERFILE = conf`
  FROM debian:12-slim
  RUN apt-get update && apt-get install -y apache2 nginx-light supervisor
  COPY docker/ports.conf /etc/apache2/ports.conf
  COPY docker/site.conf /etc/nginx/conf.d/site.conf
`
const PORTS = conf`
  Listen 80
  Listen 8080
`
const SITE = conf`
  server {
      listen 80;
      location / {
          proxy_pass http://127.0.0.1:8080;
      }
  }
`

/** What becomes of a set of nginx and one of Apache. */
function joined({ dockerfile = DOCKERFILE, ports = PORTS, site = SITE } = {}): number {
  const files = memoryFileSystem({
    Dockerfile: dockerfile,
    'docker/ports.conf': ports,
    'docker/site.conf': site,
  })
  const container = imageContainer(files, '/Dockerfile')
  assert.ok(container)
  const sets = [
    { nginx: ['/docker/site.conf'], apache: [], joint: true },
    { nginx: [], apache: ['/docker/ports.conf'], joint: true },
  ]
  return joinedByImage(sets, { files, locate: path => path }, () => [container]).length
}

test('nginx before the Apache of its image is one machine with it', () => {
  assert.is(joined(), 1)
})

test('two servers of which nobody knows that both are started are two choices', () => {
  assert.is(joined({ ports: 'Listen 80\n' }), 2)
  assert.is(joined({ site: SITE.replace('8080', '3000') }), 2)
})

test('an image with one of them', () => {
  assert.is(joined({ dockerfile: DOCKERFILE.replace('COPY docker/site.conf', '# COPY docker/site.conf') }), 2)
})

test.run()
