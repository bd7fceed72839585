// Reads lines of JSON, {"format", "body"}, and answers each with a line of what
// the npm package n3 finds in the body: {"subjects", "graphs"} or {"error"}.
import readline from 'node:readline'
import { Parser } from 'n3'

const iris = (quads, place) => [...new Set(quads.map(quad => quad[place]).filter(term => term.termType === 'NamedNode').map(term => term.value))]

for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { format, body } = JSON.parse(line)
  let answer
  try {
    const quads = new Parser({ format }).parse(body)
    answer = { subjects: iris(quads, 'subject'), graphs: iris(quads, 'graph') }
  } catch (error) {
    answer = { error: String(error.message) }
  }
  console.log(JSON.stringify(answer))
}
