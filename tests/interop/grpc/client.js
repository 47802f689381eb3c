// gRPC's interoperability test cases with Node's grpc-js; the service is read from its .proto files.
// usage: node client.js PROTOS ADDRESS [CA]   (with CA over TLS; the modules are found through NODE_PATH)
const assert = require('assert');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [protos, address, ca] = process.argv.slice(2);
const testing = grpc.loadPackageDefinition(loader.loadSync('grpc/testing/test.proto', {includeDirs: [protos], keepCase: true}))
  .grpc.testing;
const credentials = ca ? grpc.credentials.createSsl(fs.readFileSync(ca)) : grpc.credentials.createInsecure();
const names = ca ? {'grpc.ssl_target_name_override': 'foo.test.google.fr'} : {};
const requests = [27182, 8, 1828, 45904];
const answers = [31415, 9, 2653, 58979];
const largeRequest = 271828;
const largeAnswer = 314159;
const message = 'test status message';
const special = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n';
const status = grpc.status;

const client = new testing.TestService(address, credentials, names);
const other = new testing.UnimplementedService(address, credentials, names);
const squeezed = new testing.TestService(address, credentials, {...names, 'grpc.default_compression_algorithm': 2});

const within = (milliseconds) => ({deadline: Date.now() + milliseconds});
const zeros = (size) => ({body: Buffer.alloc(size)});
const output = (sizes, payload) => ({response_parameters: sizes.map((size) => ({size})), payload: zeros(payload)});

// One unary call: what came of it, with both kinds of metadata.
function unary(stub, method, request, metadata = new grpc.Metadata()) {
  return new Promise((resolve) => {
    const result = {};
    let open = 2;
    const done = () => { open -= 1; if (open === 0) resolve(result); };
    const call = stub[method](request, metadata, within(20000), (error, response) => {
      Object.assign(result, {error, response, code: error ? error.code : status.OK});
      done();
    });
    call.on('metadata', (initial) => { result.initial = initial; });
    call.on('status', (last) => { result.trailing = last.metadata; done(); });
  });
}

// All of a stream; `onData` may send more or cancel.
function drain(call, onData = () => {}) {
  return new Promise((resolve) => {
    const result = {sizes: []};
    call.on('metadata', (initial) => { result.initial = initial; });
    call.on('data', (one) => { result.sizes.push(one.payload.body.length); onData(result.sizes.length); });
    call.on('error', () => {}); // the status says it
    call.on('status', (last) => resolve(Object.assign(result, {code: last.code, details: last.details, trailing: last.metadata})));
  });
}

function upload(stub, begin) {
  return new Promise((resolve) => {
    const call = stub.StreamingInputCall(within(20000), (error, response) => resolve({code: error ? error.code : status.OK, response}));
    begin(call);
  });
}

function echoed(result) {
  assert.deepStrictEqual(result.initial.get('x-grpc-test-echo-initial'), ['test_initial_metadata_value']);
  assert.deepStrictEqual(result.trailing.get('x-grpc-test-echo-trailing-bin'), [Buffer.from([0xab, 0xab, 0xab])]);
}

const large = (fields = {}) => ({response_size: largeAnswer, payload: zeros(largeRequest), ...fields});
const yes = {value: true};

const cases = {
  async empty_unary() {
    const {code, response} = await unary(client, 'EmptyCall', {});
    assert.strictEqual(code, status.OK);
    assert.ok(response);
  },
  async large_unary() {
    const {code, response} = await unary(client, 'UnaryCall', large());
    assert.strictEqual(code, status.OK);
    assert.ok(response.payload.body.equals(Buffer.alloc(largeAnswer)));
  },
  async client_streaming() {
    const {code, response} = await upload(client, (call) => {
      requests.forEach((size) => call.write({payload: zeros(size)}));
      call.end();
    });
    assert.strictEqual(code, status.OK);
    assert.strictEqual(response.aggregated_payload_size, 74922);
  },
  async server_streaming() {
    const {code, sizes} = await drain(client.StreamingOutputCall(output(answers, 0), within(20000)));
    assert.strictEqual(code, status.OK);
    assert.deepStrictEqual(sizes, answers);
  },
  async ping_pong() {
    const call = client.FullDuplexCall(within(20000));
    const next = (i) => { if (i < answers.length) call.write(output([answers[i]], requests[i])); else call.end(); };
    next(0);
    const {code, sizes} = await drain(call, next);
    assert.strictEqual(code, status.OK);
    assert.deepStrictEqual(sizes, answers);
  },
  async empty_stream() {
    const call = client.FullDuplexCall(within(20000));
    call.end();
    const {code, sizes} = await drain(call);
    assert.strictEqual(code, status.OK);
    assert.deepStrictEqual(sizes, []);
  },
  async cancel_after_begin() {
    const {code} = await upload(client, (call) => setImmediate(() => call.cancel()));
    assert.strictEqual(code, status.CANCELLED);
  },
  async cancel_after_first_response() {
    const call = client.FullDuplexCall(within(20000));
    call.write(output([answers[0]], requests[0]));
    const {code, sizes} = await drain(call, () => call.cancel());
    assert.strictEqual(code, status.CANCELLED);
    assert.deepStrictEqual(sizes, [answers[0]]);
  },
  async timeout_on_sleeping_server() {
    const call = client.FullDuplexCall(within(1));
    call.write(output([], requests[0]));
    assert.strictEqual((await drain(call)).code, status.DEADLINE_EXCEEDED);
  },
  async custom_metadata() {
    const metadata = new grpc.Metadata();
    metadata.set('x-grpc-test-echo-initial', 'test_initial_metadata_value');
    metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from([0xab, 0xab, 0xab]));
    const one = await unary(client, 'UnaryCall', large(), metadata);
    assert.strictEqual(one.code, status.OK);
    echoed(one);
    const call = client.FullDuplexCall(metadata, within(20000));
    call.write(output([largeAnswer], largeRequest));
    call.end();
    const stream = await drain(call);
    assert.strictEqual(stream.code, status.OK);
    assert.deepStrictEqual(stream.sizes, [largeAnswer]);
    echoed(stream);
  },
  async status_code_and_message() {
    const wanted = {response_status: {code: 2, message}};
    const one = await unary(client, 'UnaryCall', wanted);
    assert.deepStrictEqual([one.code, one.error.details], [2, message]);
    const call = client.FullDuplexCall(within(20000));
    call.write(wanted);
    call.end();
    const stream = await drain(call);
    assert.deepStrictEqual([stream.code, stream.details], [2, message]);
  },
  async special_status_message() {
    const one = await unary(client, 'UnaryCall', {response_status: {code: 2, message: special}});
    assert.deepStrictEqual([one.code, one.error.details], [2, special]);
  },
  async unimplemented_method() {
    assert.strictEqual((await unary(client, 'UnimplementedCall', {})).code, status.UNIMPLEMENTED);
  },
  async unimplemented_service() {
    assert.strictEqual((await unary(other, 'UnimplementedCall', {})).code, status.UNIMPLEMENTED);
  },
  // A server without compression: see the same cases in client.py.
  async client_compressed_unary() {
    assert.strictEqual((await unary(client, 'UnaryCall', large({expect_compressed: yes}))).code, status.INVALID_ARGUMENT);
    assert.strictEqual((await unary(squeezed, 'UnaryCall', large({expect_compressed: yes}))).code, status.UNIMPLEMENTED);
    assert.strictEqual((await unary(client, 'UnaryCall', large({expect_compressed: {value: false}}))).code, status.OK);
  },
  async client_compressed_streaming() {
    const send = (call) => { call.write({payload: zeros(requests[0]), expect_compressed: yes}); call.end(); };
    assert.strictEqual((await upload(client, send)).code, status.INVALID_ARGUMENT);
    assert.strictEqual((await upload(squeezed, send)).code, status.UNIMPLEMENTED);
  },
  async server_compressed_unary() {
    assert.strictEqual((await unary(client, 'UnaryCall', large({response_compressed: yes}))).code, status.UNIMPLEMENTED);
  },
  async server_compressed_streaming() {
    const request = {response_parameters: [{size: answers[0], compressed: yes}, {size: answers[1]}]};
    const {code} = await drain(client.StreamingOutputCall(request, within(20000)));
    assert.strictEqual(code, status.UNIMPLEMENTED);
  },
};

async function main() {
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run();
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`FAIL ${name}: ${error.message.split('\n').join(' ')}`);
      process.exitCode = 1;
    }
  }
  [client, other, squeezed].forEach((one) => one.close());
}

main();
