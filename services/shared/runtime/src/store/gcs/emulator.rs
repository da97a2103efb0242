//! What the store does otherwise against an emulator, and nothing else.
//!
//! The emulator has no gRPC, by which the service lists, measures, deletes and makes buckets; here these go over its JSON. They are
//! not made again after a failure. Nothing of this runs against the service.

use google_cloud_gax::options::RequestOptions;
use google_cloud_gax::response::Response as Reply;
use google_cloud_storage::model::{
    Bucket, CreateBucketRequest, DeleteObjectRequest, GetObjectRequest, ListObjectsRequest, ListObjectsResponse, Object,
};
use google_cloud_storage::stub::StorageControl;
use google_cloud_storage::{Error, Result};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::Deserialize;

/// Never: the emulator forgets the generation that an upload in parts names, and overwrites; and asked how far such an
/// upload is, it ends it, empty.
pub(super) const PARTS_FROM_BYTES: usize = usize::MAX;

#[derive(Debug)]
pub(super) struct Emulator {
    url: String,
    http: reqwest::Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    next_page_token: String,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    /// Bytes.
    #[serde(default)]
    size: String,
}

impl Emulator {
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), http: reqwest::Client::new() }
    }

    /// Asks for what is below `/storage/v1/b`.
    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder> {
        let mut url = Url::parse(&self.url).map_err(Error::binding)?;
        let mut segments = url.path_segments_mut().map_err(|()| Error::binding("the emulator's URL has no path"))?;
        segments.extend(["storage", "v1", "b"]).extend(path);
        drop(segments);
        Ok(self.http.request(method, url))
    }
}

/// The last part of `projects/_/buckets/<name>`.
fn id(bucket: &str) -> &str {
    bucket.rsplit('/').next().unwrap_or_default()
}

async fn send(request: RequestBuilder) -> Result<Response> {
    let sent = request.send().await;
    let response = sent.map_err(|error| if error.is_connect() { Error::connect(error) } else { Error::io(error) })?;
    if response.status().is_success() {
        return Ok(response);
    }
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Err(Error::http(status, headers, response.bytes().await.map_err(Error::io)?))
}

impl StorageControl for Emulator {
    async fn list_objects(&self, asked: ListObjectsRequest, _: RequestOptions) -> Result<Reply<ListObjectsResponse>> {
        let size = asked.page_size.to_string();
        let query = [
            ("prefix", asked.prefix.as_str()),
            ("startOffset", &asked.lexicographic_start),
            ("maxResults", &size),
            ("pageToken", &asked.page_token),
        ];
        let response = send(self.request(Method::GET, &[id(&asked.parent), "o"])?.query(&query)).await?;
        let page: Page = response.json().await.map_err(Error::deser)?;
        let objects = page.items.into_iter().map(|item| Object::new().set_name(item.name));
        let objects = ListObjectsResponse::new().set_objects(objects).set_next_page_token(page.next_page_token);
        Ok(Reply::from(objects))
    }

    async fn get_object(&self, asked: GetObjectRequest, _: RequestOptions) -> Result<Reply<Object>> {
        let response = send(self.request(Method::GET, &[id(&asked.bucket), "o", &asked.object])?).await?;
        let Item { name, size } = response.json().await.map_err(Error::deser)?;
        let object = Object::new().set_name(name).set_size(size.parse::<i64>().map_err(Error::deser)?);
        Ok(Reply::from(object))
    }

    async fn delete_object(&self, asked: DeleteObjectRequest, _: RequestOptions) -> Result<Reply<()>> {
        let request = self.request(Method::DELETE, &[id(&asked.bucket), "o", &asked.object])?;
        send(request).await.map(|_| Reply::from(()))
    }

    async fn create_bucket(&self, asked: CreateBucketRequest, _: RequestOptions) -> Result<Reply<Bucket>> {
        let bucket = asked.bucket.unwrap_or_default();
        let named = serde_json::json!({ "name": asked.bucket_id });
        let request = self.request(Method::POST, &[])?.query(&[("project", id(&bucket.project))]);
        send(request.json(&named)).await.map(|_| Reply::from(bucket))
    }
}
