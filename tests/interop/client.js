// Node's own gRPC client with protos loaded at run time: no generated code of any kind.
// usage: node client.js ADDRESS PROTOS CA CERT KEY
const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, protos, ca, cert, key] = process.argv.slice(2);
const files = ['account/v1/identity_service', 'order/v1/order_service', 'product/v1/item_service', 'product/v1/product_service',
  'event/v1/event_service'].map((name) => `purvey/${name}.proto`);
const definition = loader.loadSync(files, {
  includeDirs: [protos, '/usr/include'], keepCase: true, longs: String, enums: String, defaults: true,
});
const api = grpc.loadPackageDefinition(definition).purvey;
const credentials = grpc.credentials.createSsl(fs.readFileSync(ca), fs.readFileSync(key), fs.readFileSync(cert));
const options = {'grpc.ssl_target_name_override': 'localhost'};

function report(name, good, detail) {
  console.log(`${good ? 'ok' : 'FAIL'} node ${name}${good ? '' : ': ' + detail}`);
  if (!good) process.exitCode = 1;
}

function call(client, method, request) {
  return new Promise((resolve) => client[method](request, {deadline: Date.now() + 10000},
    (error, response) => resolve({error, response})));
}

async function main() {
  const identity = new api.account.v1.IdentityService(address, credentials, options);
  const me = await call(identity, 'WhoAmI', {});
  report('WhoAmI', !me.error && me.response.account.type === 'ACCOUNT_TYPE_VENDOR', JSON.stringify(me));

  const products = new api.product.v1.ProductService(address, credentials, options);
  const created = await call(products, 'CreateProduct', {
    name: 'From Node', category: 'Test', request_id: '11111111-2222-4333-8444-555555555555',
  });
  report('CreateProduct', !created.error && created.response.product.state === 'PRODUCT_STATE_DRAFT', created.error);
  const again = await call(products, 'CreateProduct', {
    name: 'From Node', category: 'Test', request_id: '11111111-2222-4333-8444-555555555555',
  });
  report('CreateProduct replayed', !again.error && again.response.product.id === created.response.product.id, again.error);

  const orders = new api.order.v1.OrderService(address, credentials, options);
  const list = await call(orders, 'ListOrders', {page_size: 10, filter: 'state = APPROVED'});
  report('ListOrders', !list.error && list.response.orders.length > 0, JSON.stringify(list));
  const missing = await call(orders, 'GetOrder', {order_id: 'ord_00000000000000000000000000'});
  report('GetOrder NOT_FOUND', missing.error && missing.error.code === grpc.status.NOT_FOUND, JSON.stringify(missing));
  const details = missing.error && missing.error.metadata.get('grpc-status-details-bin');
  report('error details', details && details.length === 1 && details[0].includes('NOT_FOUND'), JSON.stringify(details));

  const events = new api.event.v1.EventService(address, credentials, options);
  const seen = await new Promise((resolve) => {
    let last = 0;
    let gaps = 0;
    const stream = events.WatchEvents({}, {deadline: Date.now() + 10000});
    stream.on('data', (message) => {
      for (const event of message.events) {
        gaps += Number(event.sequence) === last + 1 ? 0 : 1;
        last = Number(event.sequence);
      }
      stream.cancel();
    });
    stream.on('error', () => resolve({last, gaps}));
  });
  report('WatchEvents', seen.last > 0 && seen.gaps === 0, JSON.stringify(seen));
  [identity, products, orders, events].forEach((client) => client.close());
}

main();
