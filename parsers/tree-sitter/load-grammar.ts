import { Language, Parser } from 'web-tree-sitter'
import { once } from '../collections/once.ts'

/** The types of Node.js name the module alone. */
interface Compiler {
  readonly Module: new (bytes: Uint8Array) => WebAssembly.Module
  readonly Instance: new (module: WebAssembly.Module, imports: object) => object
}

const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Compiler }).WebAssembly

/** What reads two WebAssembly modules, each when it is needed. */
export interface GrammarModules {
  /** `web-tree-sitter.wasm` */
  readonly runtime: () => Uint8Array
  /** Such as `tree-sitter-bash.wasm`. */
  readonly grammar: () => Uint8Array
}

/**
 * Loads tree-sitter's runtime, and returns what loads one grammar the first time that it is called; rejects where the
 * runtime cannot be loaded, and the function throws where the grammar cannot.
 *
 * Both are compiled while the process waits: V8 compiles a function of theirs when it is first called, so that its
 * background would have nothing to do.
 */
export async function loadGrammar({ runtime, grammar }: GrammarModules): Promise<() => Parser> {
  const { bytes, memory } = withLittleMemory(Buffer.from(runtime()))
  await Parser.init({
    ...(memory !== null && { INITIAL_MEMORY: memory }),
    instantiateWasm: (imports: object, receive: (instance: object, module: object) => void) => {
      const module = new Module(bytes)
      receive(new Instance(module, imports), module)
      return {}
    },
  })
  return once(() => {
    const parser = new Parser()
    parser.setLanguage(Language.loadSync(new Module(grammar())))
    return parser
  })
}

/** The import of a memory that has at least 512 pages of 64 KiB, and that of one with 64. */
const MUCH_MEMORY = Buffer.from('\x06memory\x02\x01\x80\x04', 'latin1')
const LITTLE_MEMORY = Buffer.from('\x06memory\x02\x01\xc0\x00', 'latin1')
const LITTLE = 64 * 65_536

/**
 * The runtime as one that begins with 4 MiB, in bytes; null for the memory where it asks for what is not known here.
 * Of 32 MiB that it has from the start V8 believes that there is much to collect, which takes a tenth of the time of
 * a small audit. The memory grows as it is filled.
 */
function withLittleMemory(runtime: Buffer): { readonly bytes: Buffer; readonly memory: number | null } {
  const at = runtime.indexOf(MUCH_MEMORY)
  if (at === -1) return { bytes: runtime, memory: null }
  const rest = runtime.subarray(at + MUCH_MEMORY.length)
  return { bytes: Buffer.concat([runtime.subarray(0, at), LITTLE_MEMORY, rest]), memory: LITTLE }
}
